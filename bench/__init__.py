"""Measurements that print figures and ratios; nothing here passes or fails."""

import os

# A program is compiled when it is installed, and not with each start, as this would have it in everything that starts.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
