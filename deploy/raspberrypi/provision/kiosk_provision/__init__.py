"""Brings machines over SSH into the state that makes them displays; the only code that knows pyinfra."""
