-- When its person deleted a draft, which they can undo for a while; then it goes.
ALTER TABLE draft ADD COLUMN deleted_at BIGINT;
CREATE INDEX draft_deleted ON draft (deleted_at) WHERE deleted_at IS NOT NULL;
