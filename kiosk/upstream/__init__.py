"""A hub as a source of calendars: a server of ours that knows Google, asked over HTTP with a device's token."""
