-- People, what they are, and the browsers they are signed in with.
CREATE TABLE person (
    id TEXT NOT NULL PRIMARY KEY,
    sub TEXT NOT NULL UNIQUE,
    name_sealed TEXT NOT NULL,
    mobile_sealed TEXT NOT NULL,
    mobile_hash TEXT NOT NULL,
    id_kind TEXT NOT NULL,
    id_no_sealed TEXT NOT NULL,
    id_no_hash TEXT NOT NULL,
    current_subject_id TEXT{references record},
    elder BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL
);

CREATE INDEX person_id_no_hash ON person (id_no_hash);

CREATE TABLE session (
    token_hash TEXT NOT NULL PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    person_id TEXT NOT NULL REFERENCES person (id),
    device TEXT NOT NULL,
    flash TEXT,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    revoked_at BIGINT
);

CREATE INDEX session_person ON session (person_id, seen_at);

CREATE TABLE staff (
    id TEXT NOT NULL PRIMARY KEY,
    id_no_hash TEXT NOT NULL,
    name_sealed TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('reviewer', 'administrator', 'keeper', 'auditor')),
    region TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT
);

CREATE INDEX staff_id_no_hash ON staff (id_no_hash);

-- Wrong tries at showing who one is.
CREATE TABLE identity_check (
    slot TEXT NOT NULL PRIMARY KEY,
    wrong INTEGER NOT NULL,
    wrong_at BIGINT NOT NULL
);

CREATE TABLE sms_code (
    id TEXT NOT NULL PRIMARY KEY,
    person_id TEXT NOT NULL REFERENCES person (id),
    purpose TEXT NOT NULL,
    mobile_hash TEXT NOT NULL,
    code_hash TEXT NOT NULL,
    tries INTEGER NOT NULL,
    sent_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);

CREATE INDEX sms_code_mobile ON sms_code (mobile_hash, sent_at);

CREATE TABLE outbox (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('code', 'notice', 'sms')),
    recipient_sealed TEXT NOT NULL,
    text_sealed TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    sent_at BIGINT,
    failed_at BIGINT
);

CREATE INDEX outbox_unsent ON outbox (sent_at, failed_at, id);

CREATE TABLE notice (
    id TEXT NOT NULL PRIMARY KEY,
    person_id TEXT NOT NULL REFERENCES person (id),
    text TEXT NOT NULL,
    link TEXT,
    created_at BIGINT NOT NULL,
    read_at BIGINT
);

CREATE INDEX notice_person ON notice (person_id, read_at, id);
