"""The doctor: what works between this server and Google, what does not, and the exact repair."""
