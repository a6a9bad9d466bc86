-- How an officer likes the desk; a row once they chose.
CREATE TABLE desk_setting (
    person_id TEXT NOT NULL PRIMARY KEY REFERENCES person (id),
    columns TEXT NOT NULL,
    density TEXT NOT NULL CHECK (density IN ('comfortable', 'compact')),
    single_keys BOOLEAN NOT NULL DEFAULT FALSE
);

-- What was done to many filings at once, and what became of each; kept for a day.
CREATE TABLE desk_batch (
    id TEXT NOT NULL PRIMARY KEY,
    person_id TEXT NOT NULL REFERENCES person (id),
    act TEXT NOT NULL CHECK (act IN ('claim', 'release', 'transfer', 'approve')),
    created_at BIGINT NOT NULL
);

CREATE INDEX desk_batch_created ON desk_batch (created_at);

CREATE TABLE desk_batch_filing (
    batch_id TEXT NOT NULL REFERENCES desk_batch (id),
    position INTEGER NOT NULL,
    filing_id TEXT NOT NULL REFERENCES filing (id),
    reference TEXT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('waiting', 'done', 'refused')),
    sentence TEXT NOT NULL,
    PRIMARY KEY (batch_id, position)
);
