"""A stand-in for Google Calendar v3, the Directory's resources and Google's token endpoint."""
