-- What the system tells of itself, in a database of its own: nothing here is missed by an order if it is lost, and nothing
-- that is written here makes an order wait.

CREATE TABLE IF NOT EXISTS traces (
    id         BLOB PRIMARY KEY,
    seq        INTEGER NOT NULL,          -- in the order in which they were kept first
    started_us INTEGER NOT NULL,
    ended_us   INTEGER NOT NULL,
    outcome    INTEGER NOT NULL,          -- the worst
    order_id   TEXT,
    spans      INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS traces_by_start ON traces (started_us);
CREATE INDEX IF NOT EXISTS traces_by_order ON traces (order_id) WHERE order_id IS NOT NULL;

CREATE TABLE IF NOT EXISTS spans (
    trace BLOB NOT NULL,
    seq   INTEGER NOT NULL,
    span  TEXT NOT NULL,                  -- JSON of ports::observability::Span
    PRIMARY KEY (trace, seq)
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
