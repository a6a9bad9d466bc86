-- The shape before the history was written anew, as the 75 steps of that time made it: test data.

-- m0001_person
CREATE TABLE person (
            id TEXT NOT NULL PRIMARY KEY,
            sub TEXT NOT NULL UNIQUE,
            name_sealed TEXT NOT NULL,
            mobile_sealed TEXT NOT NULL,
            mobile_hash TEXT NOT NULL,
            id_kind TEXT NOT NULL,
            id_no_sealed TEXT NOT NULL,
            id_no_hash TEXT NOT NULL,
            current_subject_id TEXT,
            elder BOOLEAN NOT NULL,
            created_at BIGINT NOT NULL,
            seen_at BIGINT NOT NULL
        );

-- m0002_person_id_no
CREATE INDEX person_id_no_hash ON person (id_no_hash);

-- m0003_session
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

-- m0004_session_person
CREATE INDEX session_person ON session (person_id, seen_at);

-- m0005_staff
CREATE TABLE staff (
            id TEXT NOT NULL PRIMARY KEY,
            id_no_hash TEXT NOT NULL,
            name_sealed TEXT NOT NULL,
            role TEXT NOT NULL,
            region TEXT NOT NULL,
            created_at BIGINT NOT NULL,
            revoked_at BIGINT
        );

-- m0006_staff_id_no
CREATE INDEX staff_id_no_hash ON staff (id_no_hash);

-- m0007_record
CREATE TABLE record (
            id TEXT NOT NULL PRIMARY KEY,
            business TEXT NOT NULL,
            subject_id TEXT NOT NULL,
            owner_id TEXT,
            state TEXT NOT NULL,
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

-- m0008_record_subject
CREATE INDEX record_subject ON record (subject_id, business, id);

-- m0009_record_owner
CREATE INDEX record_owner ON record (owner_id, business, id);

-- m0010_record_title
CREATE INDEX record_title ON record (title, id);

-- m0011_record_domain
CREATE INDEX record_main_domain ON record (main_domain);

-- m0012_live_domain
CREATE TABLE live_domain (
            domain TEXT NOT NULL PRIMARY KEY,
            record_id TEXT NOT NULL
        );

-- m0013_live_domain_record
CREATE INDEX live_domain_record ON live_domain (record_id);

-- m0014_filing
CREATE TABLE filing (
            id TEXT NOT NULL PRIMARY KEY,
            reference TEXT NOT NULL UNIQUE,
            idempotency_key TEXT NOT NULL UNIQUE,
            business TEXT NOT NULL,
            action TEXT NOT NULL,
            record_id TEXT NOT NULL REFERENCES record (id),
            subject_id TEXT NOT NULL REFERENCES record (id),
            applicant_id TEXT NOT NULL REFERENCES person (id),
            state TEXT NOT NULL,
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
            claimed_by TEXT,
            claimed_at BIGINT,
            round INTEGER NOT NULL,
            submitted_at BIGINT NOT NULL,
            decided_at BIGINT,
            version BIGINT NOT NULL
        );

-- m0015_filing_subject
CREATE INDEX filing_subject ON filing (subject_id, id);

-- m0016_filing_applicant
CREATE INDEX filing_applicant ON filing (applicant_id, id);

-- m0017_filing_record
CREATE INDEX filing_record ON filing (record_id, id);

-- m0018_filing_queue
CREATE INDEX filing_queue ON filing (is_reviewable, state, jurisdiction, submitted_at, id);

-- m0019_filing_open
CREATE UNIQUE INDEX filing_open ON filing (record_id) WHERE state IN ('pending', 'in_review');

-- m0020_filing_event
CREATE TABLE filing_event (
            id TEXT NOT NULL PRIMARY KEY,
            filing_id TEXT NOT NULL REFERENCES filing (id),
            event TEXT NOT NULL,
            from_state TEXT,
            to_state TEXT NOT NULL,
            actor_id TEXT,
            actor_role TEXT NOT NULL,
            note TEXT NOT NULL,
            remarks TEXT NOT NULL,
            at BIGINT NOT NULL
        );

-- m0021_filing_event_filing
CREATE INDEX filing_event_filing ON filing_event (filing_id, id);

-- m0022_draft
CREATE TABLE draft (
            id TEXT NOT NULL PRIMARY KEY,
            slot TEXT NOT NULL UNIQUE,
            person_id TEXT NOT NULL REFERENCES person (id),
            procedure TEXT NOT NULL,
            record_id TEXT,
            subject_id TEXT,
            filing_id TEXT,
            title TEXT NOT NULL,
            step TEXT NOT NULL,
            answers TEXT NOT NULL,
            answers_sealed TEXT NOT NULL,
            version BIGINT NOT NULL,
            created_at BIGINT NOT NULL,
            saved_at BIGINT NOT NULL
        );

-- m0023_draft_person
CREATE INDEX draft_person ON draft (person_id, id);

-- m0024_draft_saved
CREATE INDEX draft_saved ON draft (saved_at);

-- m0025_upload
CREATE TABLE upload (
            id TEXT NOT NULL PRIMARY KEY,
            person_id TEXT NOT NULL REFERENCES person (id),
            kind TEXT NOT NULL,
            name TEXT NOT NULL,
            content_type TEXT NOT NULL,
            size BIGINT NOT NULL,
            sha256 TEXT NOT NULL,
            warnings TEXT NOT NULL,
            created_at BIGINT NOT NULL
        );

-- m0026_upload_created
CREATE INDEX upload_created ON upload (created_at);

-- m0027_upload_use
CREATE TABLE upload_use (
            upload_id TEXT NOT NULL REFERENCES upload (id),
            holder_kind TEXT NOT NULL,
            holder_id TEXT NOT NULL,
            PRIMARY KEY (upload_id, holder_kind, holder_id)
        );

-- m0028_upload_use_holder
CREATE INDEX upload_use_holder ON upload_use (holder_id);

-- m0029_notice
CREATE TABLE notice (
            id TEXT NOT NULL PRIMARY KEY,
            person_id TEXT NOT NULL REFERENCES person (id),
            text TEXT NOT NULL,
            link TEXT,
            created_at BIGINT NOT NULL,
            read_at BIGINT
        );

-- m0030_notice_person
CREATE INDEX notice_person ON notice (person_id, read_at, id);

-- m0031_sms_code
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

-- m0032_sms_code_mobile
CREATE INDEX sms_code_mobile ON sms_code (mobile_hash, sent_at);

-- m0033_outbox
CREATE TABLE outbox (
            id TEXT NOT NULL PRIMARY KEY,
            kind TEXT NOT NULL,
            recipient_sealed TEXT NOT NULL,
            text_sealed TEXT NOT NULL,
            attempts INTEGER NOT NULL,
            created_at BIGINT NOT NULL,
            sent_at BIGINT,
            failed_at BIGINT
        );

-- m0034_outbox_unsent
CREATE INDEX outbox_unsent ON outbox (sent_at, failed_at, id);

-- m0035_handover
CREATE TABLE handover (
            id TEXT NOT NULL PRIMARY KEY,
            subject_id TEXT NOT NULL REFERENCES record (id),
            giver_id TEXT NOT NULL REFERENCES person (id),
            receiver_mobile_hash TEXT NOT NULL,
            receiver_id_no_hash TEXT NOT NULL,
            receiver_mobile_sealed TEXT NOT NULL,
            state TEXT NOT NULL,
            created_at BIGINT NOT NULL,
            ended_at BIGINT
        );

-- m0036_handover_open
CREATE UNIQUE INDEX handover_open ON handover (subject_id) WHERE state = 'open';

-- m0037_handover_receiver
CREATE INDEX handover_receiver ON handover (receiver_id_no_hash, receiver_mobile_hash, state);

-- m0038_provider
CREATE TABLE provider (
            id TEXT NOT NULL PRIMARY KEY,
            directory TEXT NOT NULL,
            name TEXT NOT NULL,
            aliases TEXT NOT NULL,
            region TEXT NOT NULL,
            country TEXT NOT NULL,
            phone TEXT NOT NULL,
            source TEXT NOT NULL,
            record_id TEXT,
            created_at BIGINT NOT NULL
        );

-- m0039_provider_region
CREATE INDEX provider_region ON provider (directory, region, name);

-- m0040_audit
CREATE TABLE audit (
            seq BIGINT NOT NULL PRIMARY KEY,
            at BIGINT NOT NULL,
            actor_id TEXT,
            actor_role TEXT NOT NULL,
            action TEXT NOT NULL,
            object_kind TEXT NOT NULL,
            object_id TEXT NOT NULL,
            detail TEXT NOT NULL,
            previous_hash TEXT NOT NULL,
            hash TEXT NOT NULL
        );

-- m0041_audit_object
CREATE INDEX audit_object ON audit (object_id, seq);

-- m0042_audit_actor
CREATE INDEX audit_actor ON audit (actor_id, seq);

-- m0043_counter
CREATE TABLE counter (
            name TEXT NOT NULL PRIMARY KEY,
            value BIGINT NOT NULL
        );

-- m0044_identity_check
CREATE TABLE identity_check (
            slot TEXT NOT NULL PRIMARY KEY,
            wrong INTEGER NOT NULL,
            wrong_at BIGINT NOT NULL
        );

-- m0045_held_form
CREATE TABLE held_form (
            slot TEXT NOT NULL PRIMARY KEY,
            content_sealed TEXT NOT NULL,
            held_at BIGINT NOT NULL
        );

-- m0046_filing_province
CREATE INDEX filing_province ON filing (is_reviewable, substr(jurisdiction, 1, 2), state, submitted_at, id);

-- m0047_filing_city
CREATE INDEX filing_city ON filing (is_reviewable, substr(jurisdiction, 1, 4), state, submitted_at, id);

-- m0048_filing_province_kind
CREATE INDEX filing_province_kind ON filing (is_reviewable, substr(jurisdiction, 1, 2), business, action, state, submitted_at, id);

-- m0049_filing_city_kind
CREATE INDEX filing_city_kind ON filing (is_reviewable, substr(jurisdiction, 1, 4), business, action, state, submitted_at, id);

-- m0050_filing_province_subject
CREATE INDEX filing_province_subject ON filing (is_reviewable, substr(jurisdiction, 1, 2), state, subject_name {binary}, id);

-- m0051_filing_province_title
CREATE INDEX filing_province_title ON filing (is_reviewable, substr(jurisdiction, 1, 2), state, title {binary}, id);

-- m0052_filing_city_subject
CREATE INDEX filing_city_subject ON filing (is_reviewable, substr(jurisdiction, 1, 4), state, subject_name {binary}, id);

-- m0053_filing_city_title
CREATE INDEX filing_city_title ON filing (is_reviewable, substr(jurisdiction, 1, 4), state, title {binary}, id);

-- m0054_filing_claimed
CREATE INDEX filing_claimed ON filing (claimed_by, state, submitted_at, id);

-- m0055_filing_domain
CREATE INDEX filing_domain ON filing (main_domain);

-- m0056_tally
CREATE TABLE tally (
            region TEXT NOT NULL,
            kind TEXT NOT NULL,
            day BIGINT NOT NULL,
            item TEXT NOT NULL,
            n BIGINT NOT NULL,
            PRIMARY KEY (region, kind, day, item)
        );

-- m0057_tally_change
CREATE TABLE tally_change (
            id TEXT NOT NULL PRIMARY KEY,
            jurisdiction TEXT NOT NULL,
            kind TEXT NOT NULL,
            day BIGINT NOT NULL,
            item TEXT NOT NULL,
            n BIGINT NOT NULL
        );

-- m0058_tally_change_place
CREATE INDEX tally_change_place ON tally_change (kind, jurisdiction);

-- m0059_holiday
CREATE TABLE holiday (
            day TEXT NOT NULL PRIMARY KEY,
            is_working BOOLEAN NOT NULL,
            name TEXT NOT NULL,
            source TEXT NOT NULL
        );

-- m0070_filing_claim_seen
ALTER TABLE filing ADD COLUMN claim_seen_at BIGINT;

-- m0071_filing_moved
ALTER TABLE filing ADD COLUMN moved_at BIGINT;

-- m0072_filing_claim_lapse
CREATE INDEX filing_claim_lapse ON filing (claim_seen_at) WHERE state = 'in_review';

-- m0073_saved_view
CREATE TABLE saved_view (
            id TEXT NOT NULL PRIMARY KEY,
            person_id TEXT NOT NULL REFERENCES person (id),
            name TEXT NOT NULL,
            query TEXT NOT NULL,
            created_at BIGINT NOT NULL
        );

-- m0074_saved_view_person
CREATE UNIQUE INDEX saved_view_name ON saved_view (person_id, name);

-- m0075_desk_visit
CREATE TABLE desk_visit (
            person_id TEXT NOT NULL PRIMARY KEY REFERENCES person (id),
            seen_at BIGINT NOT NULL
        );

-- m0076_filing_moved_index
CREATE INDEX filing_moved ON filing (moved_at, jurisdiction) WHERE moved_at IS NOT NULL;

-- m0080_audit_action
CREATE INDEX audit_action ON audit (action, seq);

-- m0081_audit_at
CREATE INDEX audit_at ON audit (at, seq);

-- m0090_provider_typed
CREATE UNIQUE INDEX provider_typed ON provider (directory, name) WHERE source = 'typed';

-- m0091_provider_list
CREATE INDEX provider_list ON provider (source, name, id);

-- m0092_provider_name
CREATE INDEX provider_name ON provider (directory, name);

-- m0094_network_check
CREATE TABLE network_check (
            filing_id TEXT NOT NULL PRIMARY KEY REFERENCES filing (id),
            asked_at BIGINT NOT NULL,
            checked_at BIGINT,
            checks TEXT NOT NULL
        );

-- m0095_network_check_waiting
CREATE INDEX network_check_waiting ON network_check (asked_at) WHERE checked_at IS NULL;

-- m0097_filing_round
CREATE TABLE filing_round (
            filing_id TEXT NOT NULL REFERENCES filing (id),
            round INTEGER NOT NULL,
            answers TEXT NOT NULL,
            answers_sealed TEXT NOT NULL,
            PRIMARY KEY (filing_id, round)
        );

-- m0096_reason
CREATE TABLE reason (
            id TEXT NOT NULL PRIMARY KEY,
            title TEXT NOT NULL,
            text TEXT NOT NULL,
            created_at BIGINT NOT NULL
        );
