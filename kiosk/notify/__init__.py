"""Telling the outside what happens here: webhooks and mail, from rows that wait until they have arrived."""
