"""The processes of one installation: which there are, who does what, and waking each other."""
