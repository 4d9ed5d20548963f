"""What each screen should show now, and telling it: scenes, versions, sockets, acknowledgements."""
