-- What is filed: records, the filings about them, their history, drafts and files.
CREATE TABLE record (
    id TEXT NOT NULL PRIMARY KEY,
    business TEXT NOT NULL CHECK (business IN (
        'subject', 'website', 'app', 'provider', 'market', 'mini', 'assessment'
    )),
    subject_id TEXT NOT NULL REFERENCES record (id),
    owner_id TEXT REFERENCES person (id),
    state TEXT NOT NULL CHECK (state IN (
        'pending', 'active', 'changing', 'cancelling', 'transferring', 'cancelled', 'void'
    )),
    title TEXT NOT NULL,
    owner_kind TEXT NOT NULL,
    main_domain TEXT,
    is_interactive BOOLEAN,
    jurisdiction TEXT NOT NULL,
    registration_digits TEXT UNIQUE,
    registration_number TEXT,
    registered_at BIGINT,
    cancelled_at BIGINT,
    answers TEXT NOT NULL,
    answers_sealed TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE INDEX record_subject ON record (subject_id, business, id);
CREATE INDEX record_owner ON record (owner_id, business, id);
CREATE INDEX record_title ON record (title, id);
CREATE INDEX record_main_domain ON record (main_domain);

-- Domains of live filings, each at most once.
CREATE TABLE live_domain (
    domain TEXT NOT NULL PRIMARY KEY,
    record_id TEXT NOT NULL REFERENCES record (id)
);

CREATE INDEX live_domain_record ON live_domain (record_id);

CREATE TABLE filing (
    id TEXT NOT NULL PRIMARY KEY,
    reference TEXT NOT NULL UNIQUE,
    idempotency_key TEXT NOT NULL UNIQUE,
    business TEXT NOT NULL CHECK (business IN (
        'subject', 'website', 'app', 'provider', 'market', 'mini', 'assessment'
    )),
    action TEXT NOT NULL CHECK (action IN ('new', 'change', 'cancel')),
    record_id TEXT NOT NULL REFERENCES record (id),
    subject_id TEXT NOT NULL REFERENCES record (id),
    applicant_id TEXT NOT NULL REFERENCES person (id),
    state TEXT NOT NULL CHECK (state IN (
        'pending', 'in_review', 'approved', 'returned', 'rejected', 'withdrawn', 'terminated'
    )),
    jurisdiction TEXT NOT NULL,
    title TEXT NOT NULL,
    subject_name TEXT NOT NULL,
    main_domain TEXT,
    answers TEXT NOT NULL,
    answers_sealed TEXT NOT NULL,
    before TEXT,
    before_sealed TEXT,
    notice_version TEXT,
    is_reviewable BOOLEAN NOT NULL,
    claimed_by TEXT REFERENCES person (id),
    claimed_at BIGINT,
    -- When the holder last did something here (R62).
    claim_seen_at BIGINT,
    round INTEGER NOT NULL,
    submitted_at BIGINT NOT NULL,
    decided_at BIGINT,
    -- When it came from another region.
    moved_at BIGINT,
    version BIGINT NOT NULL
);

CREATE INDEX filing_subject ON filing (subject_id, id);
CREATE INDEX filing_applicant ON filing (applicant_id, id);
CREATE INDEX filing_record ON filing (record_id, id);
CREATE INDEX filing_queue ON filing (is_reviewable, state, jurisdiction, submitted_at, id);
CREATE UNIQUE INDEX filing_open ON filing (record_id) WHERE state IN ('pending', 'in_review');
CREATE INDEX filing_domain ON filing (main_domain);
CREATE INDEX filing_claimed ON filing (claimed_by, state, submitted_at, id);
CREATE INDEX filing_claim_lapse ON filing (claim_seen_at) WHERE state = 'in_review';
CREATE INDEX filing_moved ON filing (moved_at, jurisdiction) WHERE moved_at IS NOT NULL;

-- The queue of a province or a city is one equality and one order away (R61); a county's goes by
-- `filing_queue`. Two digits are the province, four the city.
CREATE INDEX filing_province ON filing (is_reviewable, substr(jurisdiction, 1, 2), state, submitted_at, id);
CREATE INDEX filing_city ON filing (is_reviewable, substr(jurisdiction, 1, 4), state, submitted_at, id);
CREATE INDEX filing_province_kind
    ON filing (is_reviewable, substr(jurisdiction, 1, 2), business, action, state, submitted_at, id);
CREATE INDEX filing_city_kind
    ON filing (is_reviewable, substr(jurisdiction, 1, 4), business, action, state, submitted_at, id);
CREATE INDEX filing_province_subject
    ON filing (is_reviewable, substr(jurisdiction, 1, 2), state, subject_name {binary}, id);
CREATE INDEX filing_province_title
    ON filing (is_reviewable, substr(jurisdiction, 1, 2), state, title {binary}, id);
CREATE INDEX filing_city_subject
    ON filing (is_reviewable, substr(jurisdiction, 1, 4), state, subject_name {binary}, id);
CREATE INDEX filing_city_title
    ON filing (is_reviewable, substr(jurisdiction, 1, 4), state, title {binary}, id);

CREATE TABLE filing_event (
    id TEXT NOT NULL PRIMARY KEY,
    filing_id TEXT NOT NULL REFERENCES filing (id),
    event TEXT NOT NULL CHECK (event IN (
        'submit', 'claim', 'release', 'approve', 'return', 'reject', 'withdraw', 'resubmit',
        'terminate', 'transfer'
    )),
    from_state TEXT CHECK (from_state IN (
        'pending', 'in_review', 'approved', 'returned', 'rejected', 'withdrawn', 'terminated'
    )),
    to_state TEXT NOT NULL CHECK (to_state IN (
        'pending', 'in_review', 'approved', 'returned', 'rejected', 'withdrawn', 'terminated'
    )),
    actor_id TEXT REFERENCES person (id),
    actor_role TEXT NOT NULL CHECK (actor_role IN ('applicant', 'reviewer', 'administrator', 'system')),
    note TEXT NOT NULL,
    remarks TEXT NOT NULL,
    at BIGINT NOT NULL
);

CREATE INDEX filing_event_filing ON filing_event (filing_id, id);

-- What was put to officers before a filing came back and was submitted again (R53).
CREATE TABLE filing_round (
    filing_id TEXT NOT NULL REFERENCES filing (id),
    round INTEGER NOT NULL,
    answers TEXT NOT NULL,
    answers_sealed TEXT NOT NULL,
    PRIMARY KEY (filing_id, round)
);

CREATE TABLE draft (
    id TEXT NOT NULL PRIMARY KEY,
    slot TEXT NOT NULL UNIQUE,
    person_id TEXT NOT NULL REFERENCES person (id),
    procedure TEXT NOT NULL CHECK (procedure IN (
        'subject_new', 'subject_change', 'subject_cancel', 'website_new', 'website_change',
        'website_cancel', 'app_new', 'app_change', 'app_cancel', 'provider_new', 'provider_change',
        'provider_cancel', 'market_new', 'market_change', 'market_cancel', 'mini_new',
        'mini_change', 'mini_cancel', 'assessment_new', 'assessment_change'
    )),
    record_id TEXT REFERENCES record (id),
    subject_id TEXT REFERENCES record (id),
    filing_id TEXT REFERENCES filing (id),
    title TEXT NOT NULL,
    step TEXT NOT NULL,
    answers TEXT NOT NULL,
    answers_sealed TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    saved_at BIGINT NOT NULL
);

CREATE INDEX draft_person ON draft (person_id, id);
CREATE INDEX draft_saved ON draft (saved_at);

CREATE TABLE upload (
    id TEXT NOT NULL PRIMARY KEY,
    person_id TEXT NOT NULL REFERENCES person (id),
    kind TEXT NOT NULL CHECK (kind IN ('picture', 'document')),
    name TEXT NOT NULL,
    content_type TEXT NOT NULL,
    size BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    warnings TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE INDEX upload_created ON upload (created_at);

CREATE TABLE upload_use (
    upload_id TEXT NOT NULL REFERENCES upload (id),
    holder_kind TEXT NOT NULL CHECK (holder_kind IN ('draft', 'filing', 'record')),
    holder_id TEXT NOT NULL,
    PRIMARY KEY (upload_id, holder_kind, holder_id)
);

CREATE INDEX upload_use_holder ON upload_use (holder_id);

-- What was posted and came back with faults, for the page that shows both.
CREATE TABLE held_form (
    slot TEXT NOT NULL PRIMARY KEY,
    content_sealed TEXT NOT NULL,
    held_at BIGINT NOT NULL
);

CREATE TABLE handover (
    id TEXT NOT NULL PRIMARY KEY,
    subject_id TEXT NOT NULL REFERENCES record (id),
    giver_id TEXT NOT NULL REFERENCES person (id),
    receiver_mobile_hash TEXT NOT NULL,
    receiver_id_no_hash TEXT NOT NULL,
    receiver_mobile_sealed TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'received', 'revoked', 'refused', 'lapsed')),
    created_at BIGINT NOT NULL,
    ended_at BIGINT
);

CREATE UNIQUE INDEX handover_open ON handover (subject_id) WHERE state = 'open';
CREATE INDEX handover_receiver ON handover (receiver_id_no_hash, receiver_mobile_hash, state);

-- What the network told of a website; waiting while it was not asked yet.
CREATE TABLE network_check (
    filing_id TEXT NOT NULL PRIMARY KEY REFERENCES filing (id),
    asked_at BIGINT NOT NULL,
    checked_at BIGINT,
    checks TEXT NOT NULL
);

CREATE INDEX network_check_waiting ON network_check (asked_at) WHERE checked_at IS NULL;
