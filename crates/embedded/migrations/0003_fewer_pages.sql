-- A row that outgrows its page is paid for with a new page. So an order keeps room for what is set when it completes ...
ALTER TABLE orders ADD COLUMN room BLOB;      -- NULL once attributes are set
-- ... and an execution begins with its first journal entries in its own row. NULL: they are in the journal, as all others.
ALTER TABLE executions ADD COLUMN events TEXT;
ALTER TABLE executions ADD COLUMN last_event_id INTEGER;
-- The entries of an order are found by their keys, which begin with its id.
DROP INDEX gateway_orders;
