"""What `kiosk provision` starts where pyinfra is: a plan comes in, a line of JSON goes out for all that happens."""

import sys

from kiosk_provision import driver

sys.exit(driver.main())
