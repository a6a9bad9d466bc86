-- What the last look for the badge of a record came to (R38).
CREATE TABLE badge_check (
    record_id TEXT NOT NULL PRIMARY KEY REFERENCES record (id),
    finding TEXT NOT NULL CHECK (finding IN ('seen', 'declared', 'missing', 'unreachable')),
    told TEXT NOT NULL,
    checked_at BIGINT NOT NULL,
    confirmed_at BIGINT
);
