-- What the rows that a line tells about were like after it (R65).
ALTER TABLE audit ADD COLUMN row_digests TEXT;
-- One line for the saves of a sitting.
ALTER TABLE draft ADD COLUMN audited_at BIGINT;
ALTER TABLE draft ADD COLUMN audited_session TEXT;
