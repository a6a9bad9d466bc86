-- By which way a message goes, and whom it calls to the page of notices.
ALTER TABLE outbox ADD COLUMN channel TEXT NOT NULL DEFAULT 'sms' CHECK (channel IN ('sms', 'mail'));
ALTER TABLE outbox ADD COLUMN person_id TEXT REFERENCES person (id);
CREATE INDEX outbox_person ON outbox (person_id, channel, created_at) WHERE person_id IS NOT NULL;

-- Of which notices a person is told otherwise too; who chose nothing has no row.
CREATE TABLE notice_choice (
    person_id TEXT NOT NULL REFERENCES person (id),
    kind TEXT NOT NULL CHECK (kind IN ('progress', 'approved', 'returned', 'rejected', 'handover', 'draft', 'reminder', 'desk', 'account', 'other')),
    sms BOOLEAN NOT NULL,
    mail BOOLEAN NOT NULL,
    PRIMARY KEY (person_id, kind)
);

CREATE TABLE mail_address (
    person_id TEXT NOT NULL PRIMARY KEY REFERENCES person (id),
    confirmed_sealed TEXT,
    named_sealed TEXT
);
