-- The counts also say what was returned for which question, and how much each officer decided. They are made anew from
-- the filings and their history when a server starts that finds them unmade.
DROP TABLE tally;
DROP TABLE tally_change;

CREATE TABLE tally (
    region TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN (
        'state', 'again', 'waiting', 'received', 'decided', 'spent', 'returned', 'remarked', 'officer'
    )),
    day BIGINT NOT NULL,
    item TEXT NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (region, kind, day, item)
);

CREATE INDEX tally_officer ON tally (item, day) WHERE kind = 'officer';

CREATE TABLE tally_change (
    id TEXT NOT NULL PRIMARY KEY,
    jurisdiction TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN (
        'state', 'again', 'waiting', 'received', 'decided', 'spent', 'returned', 'remarked', 'officer'
    )),
    day BIGINT NOT NULL,
    item TEXT NOT NULL,
    n BIGINT NOT NULL
);

CREATE INDEX tally_change_place ON tally_change (kind, jurisdiction);

DELETE FROM counter WHERE name = 'tally/made';

-- Who reviews in a region.
CREATE INDEX staff_reviewer ON staff (region, id) WHERE role = 'reviewer' AND revoked_at IS NULL;
