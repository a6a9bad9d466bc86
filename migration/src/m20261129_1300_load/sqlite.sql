-- SQLite changes no CHECK: the tables are made anew.
CREATE TABLE tally_new (
    region TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN (
        'state', 'again', 'waiting', 'received', 'decided', 'spent', 'returned', 'remarked', 'officer'
    )),
    day BIGINT NOT NULL,
    item TEXT NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (region, kind, day, item)
);
INSERT INTO tally_new (region, kind, day, item, n) SELECT region, kind, day, item, n FROM tally;
DROP TABLE tally;
ALTER TABLE tally_new RENAME TO tally;
CREATE INDEX tally_officer ON tally (item, day) WHERE kind = 'officer';

CREATE TABLE tally_change_new (
    id TEXT NOT NULL PRIMARY KEY,
    jurisdiction TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN (
        'state', 'again', 'waiting', 'received', 'decided', 'spent', 'returned', 'remarked', 'officer'
    )),
    day BIGINT NOT NULL,
    item TEXT NOT NULL,
    n BIGINT NOT NULL
);
INSERT INTO tally_change_new (id, jurisdiction, kind, day, item, n)
SELECT id, jurisdiction, kind, day, item, n FROM tally_change;
DROP TABLE tally_change;
ALTER TABLE tally_change_new RENAME TO tally_change;
CREATE INDEX tally_change_place ON tally_change (kind, jurisdiction);
