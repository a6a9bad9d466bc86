-- SQLite changes no CHECK; nothing refers to this table.
CREATE TABLE filing_event_new (
    id TEXT NOT NULL PRIMARY KEY,
    filing_id TEXT NOT NULL REFERENCES filing (id),
    event TEXT NOT NULL CHECK (event IN (
        'submit', 'claim', 'release', 'approve', 'return', 'reject', 'withdraw', 'resubmit',
        'terminate', 'transfer', 'undo'
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
INSERT INTO filing_event_new (id, filing_id, event, from_state, to_state, actor_id, actor_role, note, remarks, at)
    SELECT id, filing_id, event, from_state, to_state, actor_id, actor_role, note, remarks, at FROM filing_event;
DROP TABLE filing_event;
ALTER TABLE filing_event_new RENAME TO filing_event;
CREATE INDEX filing_event_filing ON filing_event (filing_id, id);
