-- How often a person did something that is limited, by the stretch of time in which it began.
CREATE TABLE usage (
    person_id TEXT NOT NULL REFERENCES person (id),
    what TEXT NOT NULL,
    began_at BIGINT NOT NULL,
    used BIGINT NOT NULL CHECK (used > 0),
    PRIMARY KEY (person_id, what, began_at)
);
CREATE INDEX usage_began ON usage (began_at);
