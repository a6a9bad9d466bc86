-- What an officer can take back for some seconds: how everything stood before it, and whom it tells of it afterwards.
CREATE TABLE undoable_act (
    id TEXT NOT NULL PRIMARY KEY,
    -- Acts that are taken back together.
    act_id TEXT NOT NULL,
    event TEXT NOT NULL CHECK (event IN ('claim', 'release', 'approve', 'return', 'reject', 'transfer')),
    officer_id TEXT NOT NULL REFERENCES person (id),
    filing_id TEXT NOT NULL REFERENCES filing (id),
    subject_id TEXT NOT NULL REFERENCES record (id),
    before_sealed TEXT NOT NULL,
    notices TEXT NOT NULL,
    until BIGINT NOT NULL
);
CREATE INDEX undoable_act_officer ON undoable_act (officer_id, id);
CREATE INDEX undoable_act_until ON undoable_act (until);
