-- What anybody reports of a registration number that is misused (R38). `source_hash` is a keyed hash of day and
-- address, to count by.
CREATE TABLE misuse_report (
    id TEXT NOT NULL PRIMARY KEY,
    record_id TEXT NOT NULL REFERENCES record (id),
    kind TEXT NOT NULL CHECK (kind IN ('stolen', 'different', 'cancelled', 'name', 'other')),
    report_sealed TEXT NOT NULL,
    contact_sealed TEXT,
    source_hash TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    handled_at BIGINT,
    handler_id TEXT REFERENCES person (id),
    note_sealed TEXT
);
CREATE INDEX misuse_report_record ON misuse_report (record_id);
CREATE INDEX misuse_report_source ON misuse_report (source_hash);
CREATE INDEX misuse_report_open ON misuse_report (id) WHERE handled_at IS NULL;
