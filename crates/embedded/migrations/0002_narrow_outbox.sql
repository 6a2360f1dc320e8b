-- One index instead of two for the messages handed over: that a message is handed over once, and which are of an order.
CREATE TABLE outbox_new (
  seq INTEGER PRIMARY KEY,
  key TEXT NOT NULL,                  -- of the order's messages, this one
  order_key INTEGER NOT NULL,
  channel TEXT NOT NULL,
  recipient TEXT NOT NULL,
  subject TEXT NOT NULL,
  body TEXT NOT NULL,
  trace TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;
INSERT INTO outbox_new SELECT seq, key, order_key, channel, recipient, subject, body, trace, at FROM outbox;
DROP TABLE outbox;
ALTER TABLE outbox_new RENAME TO outbox;
CREATE UNIQUE INDEX outbox_messages ON outbox (order_key, key);
