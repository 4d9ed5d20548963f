"""The rules of rooms and time: pure functions over values, no clock, no input or output."""
