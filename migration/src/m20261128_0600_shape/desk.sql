-- What officers and administrators work with.
CREATE TABLE provider (
    id TEXT NOT NULL PRIMARY KEY,
    directory TEXT NOT NULL CHECK (directory IN ('access', 'registrar')),
    name TEXT NOT NULL,
    aliases TEXT NOT NULL,
    region TEXT NOT NULL,
    country TEXT NOT NULL,
    phone TEXT NOT NULL,
    source TEXT NOT NULL CHECK (source IN ('seed', 'kept', 'filing', 'typed', 'dropped')),
    record_id TEXT REFERENCES record (id),
    created_at BIGINT NOT NULL
);

CREATE INDEX provider_region ON provider (directory, region, name);
CREATE INDEX provider_list ON provider (source, name, id);
CREATE INDEX provider_name ON provider (directory, name);

-- What applicants typed by hand waits for an administrator, each name once (R31).
CREATE UNIQUE INDEX provider_typed ON provider (directory, name) WHERE source = 'typed';

-- Reasons that officers pick.
CREATE TABLE reason (
    id TEXT NOT NULL PRIMARY KEY,
    title TEXT NOT NULL,
    text TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE holiday (
    day TEXT NOT NULL PRIMARY KEY,
    is_working BOOLEAN NOT NULL,
    name TEXT NOT NULL,
    source TEXT NOT NULL CHECK (source IN ('configuration', 'page'))
);

CREATE TABLE saved_view (
    id TEXT NOT NULL PRIMARY KEY,
    person_id TEXT NOT NULL REFERENCES person (id),
    name TEXT NOT NULL,
    query TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE UNIQUE INDEX saved_view_name ON saved_view (person_id, name);

-- Up to when an officer has seen what arrived.
CREATE TABLE desk_visit (
    person_id TEXT NOT NULL PRIMARY KEY REFERENCES person (id),
    seen_at BIGINT NOT NULL
);

-- The counts behind the dashboard, for each region a filing lies in, and what is not yet added.
CREATE TABLE tally (
    region TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('state', 'again', 'waiting', 'received', 'decided', 'spent')),
    day BIGINT NOT NULL,
    item TEXT NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (region, kind, day, item)
);

CREATE TABLE tally_change (
    id TEXT NOT NULL PRIMARY KEY,
    jurisdiction TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('state', 'again', 'waiting', 'received', 'decided', 'spent')),
    day BIGINT NOT NULL,
    item TEXT NOT NULL,
    n BIGINT NOT NULL
);

CREATE INDEX tally_change_place ON tally_change (kind, jurisdiction);
