ALTER TABLE person ADD COLUMN suspended_at BIGINT;
ALTER TABLE person ADD COLUMN suspension_sealed TEXT;
CREATE INDEX person_suspended ON person (suspended_at) WHERE suspended_at IS NOT NULL;
