"""Google Calendar and the Directory as a source: the only room that knows Google's library and its JSON."""
