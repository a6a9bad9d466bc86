-- What was told to open desks, for those who come back and for other servers. The number is that of the line of the
-- audit log it was told with, so that it counts up in the order of the commits.
CREATE TABLE desk_event (
    number BIGINT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    told TEXT NOT NULL
);
CREATE INDEX desk_event_at ON desk_event (at);

-- Servers that work on this database. Each counts up its beat every second.
CREATE TABLE server_node (
    id TEXT NOT NULL PRIMARY KEY,
    beat BIGINT NOT NULL,
    version TEXT NOT NULL,
    -- Digests of what has to be decided alike on all of them, by section.
    configuration TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL
);

-- What runs beside the requests, each on one server at a time.
CREATE TABLE job (
    name TEXT NOT NULL PRIMARY KEY,
    -- The server that has it.
    holder TEXT,
    began_at BIGINT,
    -- When it last ended well, and when it last failed.
    well_at BIGINT,
    failed_at BIGINT,
    -- Failures since it last ended well.
    failures BIGINT NOT NULL,
    failure TEXT NOT NULL,
    -- An operator wants it to run now.
    is_wanted BOOLEAN NOT NULL
);

-- Who has the page of a filing open on which server, where there are several.
CREATE TABLE open_page (
    id TEXT NOT NULL PRIMARY KEY,
    server_id TEXT NOT NULL,
    filing_id TEXT NOT NULL,
    jurisdiction TEXT NOT NULL,
    person_id TEXT NOT NULL,
    -- None: for as long as the server says so.
    until BIGINT
);
CREATE INDEX open_page_filing ON open_page (filing_id);
CREATE INDEX open_page_server ON open_page (server_id);

-- What was asked from one network within one minute at all servers, where there are several. The network is a keyed hash.
CREATE TABLE network_use (
    network TEXT NOT NULL,
    what TEXT NOT NULL,
    began_at BIGINT NOT NULL,
    used BIGINT NOT NULL,
    PRIMARY KEY (network, what, began_at)
);
