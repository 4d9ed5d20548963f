"""What the display's unit starts: `python3 -I` and this folder, with nothing but the standard library."""

import sys

from kiosk_shell import supervisor

sys.exit(supervisor.main())
