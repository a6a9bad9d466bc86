-- A line of the audit log knows what the rows it is about looked like; one line stands for the saves of a sitting (R65).
ALTER TABLE audit ADD COLUMN row_digests TEXT;
ALTER TABLE draft ADD COLUMN audited_at BIGINT;
ALTER TABLE draft ADD COLUMN audited_session TEXT;
