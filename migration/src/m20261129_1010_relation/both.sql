-- What filings of different subjects have in common, found by keyed hash alone, and that an officer looked at a pair.
CREATE TABLE relation_key (
    filing_id TEXT NOT NULL REFERENCES filing (id),
    kind TEXT NOT NULL CHECK (kind IN ('certificate', 'owner', 'domain', 'person', 'phone')),
    value_hash TEXT NOT NULL,
    subject_id TEXT NOT NULL REFERENCES record (id),
    PRIMARY KEY (filing_id, kind, value_hash)
);
CREATE INDEX relation_key_value ON relation_key (value_hash, subject_id, filing_id);

CREATE TABLE relation_check (
    id TEXT NOT NULL PRIMARY KEY,
    record_id TEXT NOT NULL REFERENCES record (id),
    other_record_id TEXT NOT NULL REFERENCES record (id),
    officer_id TEXT NOT NULL REFERENCES person (id),
    reason_sealed TEXT NOT NULL,
    checked_at BIGINT NOT NULL
);
CREATE INDEX relation_check_record ON relation_check (record_id, id);
CREATE INDEX relation_check_other ON relation_check (other_record_id, id);
