"""The mirror: what Google knows of each room, brought here and kept true."""
