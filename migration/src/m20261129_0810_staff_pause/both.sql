-- Until when a role that was given does not count; none for one that does.
ALTER TABLE staff ADD COLUMN paused_until BIGINT;
