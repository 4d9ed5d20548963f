-- The stand-in's world. Times are seconds of the epoch, created and updated microseconds, in UTC.
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS calendars (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, summary TEXT NOT NULL, zone_name TEXT NOT NULL,
    description TEXT NOT NULL, location TEXT NOT NULL, auto_accept INTEGER NOT NULL,
    domain_role TEXT NOT NULL, updated INTEGER NOT NULL, tokens_from INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS acl (
    calendar TEXT NOT NULL, subject TEXT NOT NULL, role TEXT NOT NULL, PRIMARY KEY (calendar, subject)
);
CREATE TABLE IF NOT EXISTS directory (
    kind TEXT NOT NULL, id TEXT NOT NULL, data TEXT NOT NULL, PRIMARY KEY (kind, id)
);
CREATE TABLE IF NOT EXISTS accounts (email TEXT PRIMARY KEY, client_id TEXT NOT NULL, scopes TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS keys (id TEXT PRIMARY KEY, account TEXT NOT NULL, public TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS tokens (
    token TEXT PRIMARY KEY, account TEXT NOT NULL, subject TEXT NOT NULL, scopes TEXT NOT NULL,
    expires INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS events (
    calendar TEXT NOT NULL, id TEXT NOT NULL, home TEXT NOT NULL, ical_uid TEXT NOT NULL,
    series TEXT NOT NULL, original TEXT NOT NULL, detached INTEGER NOT NULL, status TEXT NOT NULL,
    kind TEXT NOT NULL, answer TEXT NOT NULL, opaque INTEGER NOT NULL, rule TEXT NOT NULL,
    starts INTEGER NOT NULL, ends INTEGER NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL,
    seq INTEGER NOT NULL, data TEXT NOT NULL, PRIMARY KEY (calendar, id)
);
CREATE INDEX IF NOT EXISTS events_by_change ON events (calendar, seq);
CREATE INDEX IF NOT EXISTS events_by_end ON events (calendar, ends, starts);
CREATE INDEX IF NOT EXISTS events_by_series ON events (calendar, series, original);
CREATE INDEX IF NOT EXISTS events_by_id ON events (id);
-- What a series was before a change: its vanished instances are tombstones for older sync tokens.
CREATE TABLE IF NOT EXISTS past_rules (
    calendar TEXT NOT NULL, id TEXT NOT NULL, seq INTEGER NOT NULL, rule TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS past_rules_by_event ON past_rules (calendar, id, seq);
CREATE TABLE IF NOT EXISTS answers_due (
    id INTEGER PRIMARY KEY, due INTEGER NOT NULL, calendar TEXT NOT NULL, event TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS channels (
    id TEXT PRIMARY KEY, calendar TEXT NOT NULL, resource TEXT NOT NULL, uri TEXT NOT NULL, account TEXT NOT NULL,
    subject TEXT NOT NULL, address TEXT NOT NULL, token TEXT NOT NULL, expires INTEGER NOT NULL,
    number INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS channels_by_calendar ON channels (calendar);
-- Push messages that are still to be delivered.
CREATE TABLE IF NOT EXISTS messages (
    id INTEGER PRIMARY KEY, channel TEXT NOT NULL, number INTEGER NOT NULL, state TEXT NOT NULL,
    due INTEGER NOT NULL, tries INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS push_refused (calendar TEXT PRIMARY KEY);
-- Programs that let people sign in, the codes they were handed, and what people have allowed them.
CREATE TABLE IF NOT EXISTS clients (
    id TEXT PRIMARY KEY, secret TEXT NOT NULL, name TEXT NOT NULL, redirects TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS codes (
    code TEXT PRIMARY KEY, client TEXT NOT NULL, subject TEXT NOT NULL, scopes TEXT NOT NULL, redirect TEXT NOT NULL,
    challenge TEXT NOT NULL, method TEXT NOT NULL, nonce TEXT NOT NULL, refresh INTEGER NOT NULL,
    expires INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS consents (
    refresh TEXT PRIMARY KEY, client TEXT NOT NULL, subject TEXT NOT NULL, scopes TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS signing (id TEXT PRIMARY KEY, private TEXT NOT NULL, certificate TEXT NOT NULL);
