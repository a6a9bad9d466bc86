-- When a filing in force is looked at next; whoever looks puts it forward first, so that no two servers do the same.
ALTER TABLE record ADD COLUMN patrol_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX record_patrol ON record (patrol_at, id) WHERE state IN ('active', 'changing', 'cancelling', 'transferring');

-- What is known of it after the last look.
CREATE TABLE patrol_look (
    record_id TEXT NOT NULL PRIMARY KEY REFERENCES record (id),
    looked_at BIGINT NOT NULL,
    known TEXT NOT NULL
);

-- When a host was asked last: once a day at most, whoever asks.
CREATE TABLE patrol_host (
    host TEXT NOT NULL PRIMARY KEY,
    asked_at BIGINT NOT NULL
);
CREATE INDEX patrol_host_asked ON patrol_host (asked_at);

-- What was found twice, for the officers of the record's region.
CREATE TABLE patrol_finding (
    id TEXT NOT NULL PRIMARY KEY,
    record_id TEXT NOT NULL REFERENCES record (id),
    -- The record's, as it was at the last look.
    jurisdiction TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('overdue', 'open', 'notified', 'dismissed', 'resolved', 'ended')),
    faults TEXT NOT NULL,
    found_at BIGINT NOT NULL,
    notified_at BIGINT,
    notifier_id TEXT REFERENCES person (id),
    due_at BIGINT,
    closed_at BIGINT,
    closer_id TEXT REFERENCES person (id),
    reason_sealed TEXT
);
CREATE UNIQUE INDEX patrol_finding_open ON patrol_finding (record_id) WHERE closed_at IS NULL;
CREATE INDEX patrol_finding_record ON patrol_finding (record_id, id);
CREATE INDEX patrol_finding_county ON patrol_finding (jurisdiction, state, id);
CREATE INDEX patrol_finding_city ON patrol_finding (substr(jurisdiction, 1, 4), state, id);
CREATE INDEX patrol_finding_province ON patrol_finding (substr(jurisdiction, 1, 2), state, id);
CREATE INDEX patrol_finding_waiting ON patrol_finding (id) WHERE closed_at IS NULL;
