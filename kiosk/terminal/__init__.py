"""What the command line does: one function for each act, in a module for each kind of thing."""
