-- 抽查复核: decisions that a second officer judges blind.
CREATE TABLE second_look (
    id TEXT NOT NULL PRIMARY KEY,
    filing_id TEXT NOT NULL REFERENCES filing (id),
    -- The submission that was decided.
    round INTEGER NOT NULL,
    jurisdiction TEXT NOT NULL,
    decider_id TEXT NOT NULL REFERENCES person (id),
    decision TEXT NOT NULL CHECK (decision IN ('approve', 'return', 'reject')),
    -- Addresses of the fields that the first officer remarked.
    fields TEXT NOT NULL,
    decided_at BIGINT NOT NULL,
    -- What the first officer had: answers of both sides, the subject's, checks, questions.
    papers_sealed TEXT NOT NULL,
    -- Who has it in hand, or had it when it was judged.
    judge_id TEXT REFERENCES person (id),
    judge_seen_at BIGINT,
    judgement TEXT CHECK (judgement IN ('approve', 'return', 'reject')),
    judged_fields TEXT,
    note_sealed TEXT,
    judged_at BIGINT
);
CREATE UNIQUE INDEX second_look_round ON second_look (filing_id, round);
CREATE INDEX second_look_in_hand ON second_look (judge_id, filing_id) WHERE judged_at IS NULL;
CREATE INDEX second_look_county ON second_look (jurisdiction, id) WHERE judged_at IS NULL;
CREATE INDEX second_look_city ON second_look (substr(jurisdiction, 1, 4), id) WHERE judged_at IS NULL;
CREATE INDEX second_look_province ON second_look (substr(jurisdiction, 1, 2), id) WHERE judged_at IS NULL;
CREATE INDEX second_look_judged_county ON second_look (jurisdiction, judged_at) WHERE judged_at IS NOT NULL;
CREATE INDEX second_look_judged_city ON second_look (substr(jurisdiction, 1, 4), judged_at) WHERE judged_at IS NOT NULL;
CREATE INDEX second_look_judged_province ON second_look (substr(jurisdiction, 1, 2), judged_at) WHERE judged_at IS NOT NULL;
CREATE INDEX second_look_judged ON second_look (judged_at) WHERE judged_at IS NOT NULL;
-- Whether a decision can still be taken back.
CREATE INDEX undoable_act_filing ON undoable_act (filing_id);
