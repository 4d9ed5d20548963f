"""The machines of the fleet: how they are, who is told when they are not well, and what they are asked to do."""
