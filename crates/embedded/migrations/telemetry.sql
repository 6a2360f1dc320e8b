-- What the system tells of itself, in a database of its own: nothing here is missed by an order if it is lost, and nothing
-- that is written here makes an order wait.

-- Of before the first release, with a row for each span.
DROP TABLE IF EXISTS traces;
DROP TABLE IF EXISTS spans;

CREATE TABLE IF NOT EXISTS kept_traces (
    id         BLOB PRIMARY KEY,
    started_us INTEGER NOT NULL,
    ended_us   INTEGER NOT NULL,
    outcome    INTEGER NOT NULL,          -- the worst
    slow       INTEGER NOT NULL,          -- 1: one of its spans is
    name       TEXT NOT NULL,             -- of the span that began first
    order_id   TEXT,
    spans      INTEGER NOT NULL           -- how many came, more than are kept perhaps
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS kept_traces_by_start ON kept_traces (started_us);

-- A row for all spans of a trace that came together.
CREATE TABLE IF NOT EXISTS kept_spans (
    trace BLOB NOT NULL,
    first INTEGER NOT NULL,               -- how many of the trace had come before
    spans TEXT NOT NULL,                  -- JSON: see observe/stored.rs
    PRIMARY KEY (trace, first)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS series (
    id         INTEGER PRIMARY KEY,
    namespace  TEXT NOT NULL,
    name       TEXT NOT NULL,
    dimensions TEXT NOT NULL,             -- JSON: [["FunctionName","order-creation"], ...]
    seen_at    INTEGER NOT NULL,          -- the minute of its latest value, in milliseconds
    UNIQUE (name, dimensions)
);

CREATE TABLE IF NOT EXISTS points (
    series     INTEGER NOT NULL,
    resolution INTEGER NOT NULL,          -- in seconds: 60, 300 or 3600
    at         INTEGER NOT NULL,          -- when it begins, in milliseconds
    count      INTEGER NOT NULL,
    sum        REAL NOT NULL,
    min        REAL NOT NULL,
    max        REAL NOT NULL,
    buckets    TEXT,                      -- JSON: [n, ...]
    PRIMARY KEY (series, resolution, at)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS alarms (
    name   TEXT PRIMARY KEY,
    state  TEXT NOT NULL,
    reason TEXT NOT NULL,
    since  INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS alarm_history (
    id     INTEGER PRIMARY KEY,
    alarm  TEXT NOT NULL,
    at     INTEGER NOT NULL,
    before TEXT NOT NULL,
    after  TEXT NOT NULL,
    reason TEXT NOT NULL
);

-- How far something has come, in milliseconds: `taken`, every minute before it is stored; `judged:ALARM`, so far the alarm was
-- judged.
CREATE TABLE IF NOT EXISTS marks (
    name   TEXT PRIMARY KEY,
    until  INTEGER NOT NULL
) WITHOUT ROWID;
