"""Room displays and door panels for Google Workspace."""

__version__ = "0.1.0"
