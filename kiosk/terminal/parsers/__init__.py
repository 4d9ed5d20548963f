"""The words of the command line; what they do is loaded only when it is done, so that every command starts fast."""
