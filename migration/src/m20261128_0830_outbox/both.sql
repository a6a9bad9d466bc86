-- When a message is to be sent; none for one that was sent or given up. Whoever sends it moves it on first.
ALTER TABLE outbox ADD COLUMN due_at BIGINT;
DROP INDEX outbox_unsent;
CREATE INDEX outbox_due ON outbox (due_at) WHERE due_at IS NOT NULL;
-- Whose owner was told that the draft ends (R50).
ALTER TABLE draft ADD COLUMN warned_at BIGINT;
