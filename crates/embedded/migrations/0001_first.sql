-- The first schema. Times are Unix milliseconds; money and JSON are text; a queue, subscription or state machine is named
-- by its id in `names`. Rows are few and narrow: what can be derived is not stored.

CREATE TABLE names (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,                 -- queue | subscription | machine | consumer
  name TEXT NOT NULL,
  UNIQUE (kind, name)
) STRICT;

-- The orders table. `key` is createdAt << 15 | the id's counter, so rows lie in the order of their sort key and an
-- order is found by its id without an index of its own.
CREATE TABLE orders (
  key INTEGER PRIMARY KEY,
  id BLOB NOT NULL,
  status INTEGER NOT NULL,
  customer TEXT NOT NULL,
  placed BLOB NOT NULL,               -- what was placed, as JSON; never changes
  updated_at INTEGER NOT NULL,
  attributes TEXT,                    -- what was set since, as a JSON object
  attention INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX status_index ON orders (status);
CREATE INDEX customer_index ON orders (customer);
CREATE INDEX attention_index ON orders (key) WHERE attention = 1;

-- The change stream. The part of an image that never changes stands in `orders`.
CREATE TABLE changes (
  seq INTEGER PRIMARY KEY,
  order_key INTEGER NOT NULL,
  at INTEGER NOT NULL,
  old_status INTEGER,                 -- NULL: the order is new
  old_updated_at INTEGER,
  old_attributes TEXT,
  new_status INTEGER NOT NULL,
  new_updated_at INTEGER NOT NULL,
  new_attributes TEXT
) STRICT;

CREATE TABLE checkpoints (
  consumer INTEGER PRIMARY KEY,
  seq INTEGER NOT NULL
) STRICT;

CREATE TABLE idempotency (
  seq INTEGER PRIMARY KEY,
  key_hash BLOB NOT NULL UNIQUE,
  body_hash BLOB NOT NULL,
  order_key INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;

-- Messages of every queue. A dead letter says where it came from.
CREATE TABLE messages (
  seq INTEGER PRIMARY KEY,
  queue INTEGER NOT NULL,
  body TEXT NOT NULL,
  trace TEXT NOT NULL,
  sent_at INTEGER NOT NULL,
  visible_at INTEGER NOT NULL,
  receives INTEGER NOT NULL DEFAULT 0,
  last_error TEXT,
  source TEXT                         -- NULL: not a dead letter
) STRICT;
CREATE INDEX dead_letters ON messages (queue, seq) WHERE source IS NOT NULL;

-- One row a publication and subscription, until it is delivered.
CREATE TABLE deliveries (
  seq INTEGER PRIMARY KEY,
  subscription INTEGER NOT NULL,
  message_id TEXT NOT NULL,
  subject TEXT,
  body TEXT NOT NULL,
  attributes TEXT NOT NULL,           -- JSON object: name -> {DataType, StringValue}
  published_at INTEGER NOT NULL,
  trace TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  next_at INTEGER NOT NULL,
  last_error TEXT
) STRICT;

CREATE TABLE definitions (
  id INTEGER PRIMARY KEY,
  hash TEXT NOT NULL UNIQUE,
  text TEXT NOT NULL
) STRICT;

CREATE TABLE executions (
  key INTEGER PRIMARY KEY,
  machine INTEGER NOT NULL,
  name TEXT NOT NULL,
  definition INTEGER NOT NULL REFERENCES definitions (id),
  status INTEGER NOT NULL,            -- 0 RUNNING 1 SUCCEEDED 2 FAILED 3 TIMED_OUT 4 ABORTED
  input TEXT NOT NULL,
  trace TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  stopped_at INTEGER,
  error TEXT,
  cause TEXT,
  UNIQUE (machine, name)
) STRICT;
CREATE INDEX open_executions ON executions (key) WHERE status = 0;
CREATE INDEX failed_executions ON executions (key) WHERE status > 1;

-- What happened to an execution from outside, in order: the truth that its state and history follow from.
CREATE TABLE journal (
  execution INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  events TEXT NOT NULL,               -- JSON array of events
  last_event_id INTEGER NOT NULL,     -- id of the last history event that these lead to
  PRIMARY KEY (execution, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE products (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  price TEXT NOT NULL,
  currency TEXT NOT NULL,
  stock INTEGER NOT NULL CHECK (stock >= 0)
) STRICT, WITHOUT ROWID;

-- Stock taken for an order. `released` 1: given back, or never to be taken.
CREATE TABLE holds (
  order_key INTEGER PRIMARY KEY,
  lines TEXT NOT NULL,                -- JSON array of [productId, quantity]
  at INTEGER NOT NULL,
  released_at INTEGER
) STRICT;

-- The simulated payment gateway's own books.
CREATE TABLE gateway_ledger (
  idempotency_key TEXT PRIMARY KEY,
  payment_id TEXT NOT NULL,
  order_id BLOB NOT NULL,
  amount TEXT NOT NULL,
  currency TEXT NOT NULL,
  outcome INTEGER NOT NULL,           -- 0 charged 1 declined 2 refunded
  reason TEXT,
  at INTEGER NOT NULL,
  refunded_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX gateway_payments ON gateway_ledger (payment_id);
CREATE INDEX gateway_orders ON gateway_ledger (order_id);

CREATE TABLE outbox (
  seq INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  order_key INTEGER NOT NULL,
  channel TEXT NOT NULL,
  recipient TEXT NOT NULL,
  subject TEXT NOT NULL,
  body TEXT NOT NULL,
  trace TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;
CREATE INDEX outbox_orders ON outbox (order_key);

CREATE TABLE analytics_hours (
  hour INTEGER NOT NULL,
  currency TEXT NOT NULL,
  placed INTEGER NOT NULL DEFAULT 0,
  placed_value TEXT NOT NULL DEFAULT '0',
  completed INTEGER NOT NULL DEFAULT 0,
  failed INTEGER NOT NULL DEFAULT 0,
  cancelled INTEGER NOT NULL DEFAULT 0,
  payments_succeeded INTEGER NOT NULL DEFAULT 0,
  payments_failed INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (hour, currency)
) STRICT, WITHOUT ROWID;
CREATE TABLE analytics_shards (
  shard TEXT PRIMARY KEY,
  seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE api_keys (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  hash BLOB NOT NULL UNIQUE,          -- SHA-256 of the secret, which has 256 random bits
  role TEXT NOT NULL,
  plan TEXT,                          -- JSON; NULL: the template's
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE usage (
  key_id TEXT NOT NULL,
  period_start INTEGER NOT NULL,
  used INTEGER NOT NULL,
  PRIMARY KEY (key_id, period_start)
) STRICT, WITHOUT ROWID;
