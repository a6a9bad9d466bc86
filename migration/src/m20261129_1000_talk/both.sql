-- What officers ask about a filing and applicants answer (待补充说明). While a question is open, the clock of the
-- filing stands still (`waiting_since`); afterwards its time counts from `clock_from` on, which is its submission moved
-- by the working time of all pauses.
CREATE TABLE filing_message (
    id TEXT NOT NULL PRIMARY KEY,
    filing_id TEXT NOT NULL REFERENCES filing (id),
    question_id TEXT REFERENCES filing_message (id),
    field TEXT NOT NULL,
    author_id TEXT NOT NULL REFERENCES person (id),
    author_role TEXT NOT NULL CHECK (author_role IN ('applicant', 'reviewer')),
    text_sealed TEXT NOT NULL,
    files TEXT NOT NULL,
    sent_at BIGINT NOT NULL,
    ended_at BIGINT,
    ended_by TEXT CHECK (ended_by IN ('answered', 'closed', 'decided', 'withdrawn'))
);
CREATE INDEX filing_message_filing ON filing_message (filing_id, id);
ALTER TABLE filing ADD COLUMN waiting_since BIGINT;
ALTER TABLE filing ADD COLUMN clock_from BIGINT;
CREATE INDEX filing_waiting ON filing (waiting_since, jurisdiction) WHERE waiting_since IS NOT NULL;
