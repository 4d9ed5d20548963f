"""Booking, ending and cancelling: journal first, one room at a time, verified by reading Google again."""
