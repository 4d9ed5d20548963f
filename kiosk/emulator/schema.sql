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
