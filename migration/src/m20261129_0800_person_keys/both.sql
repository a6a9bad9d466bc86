-- Keyed hashes by which an officer finds the filings of an individual: of the whole name and of the whole number of
-- the id document, for equality only. None where the subject is a unit; '' in rows from before, which the server fills
-- when it starts.
ALTER TABLE filing ADD COLUMN person_name_hash TEXT DEFAULT '';
ALTER TABLE filing ADD COLUMN person_id_no_hash TEXT DEFAULT '';
CREATE INDEX filing_person_name ON filing (person_name_hash) WHERE person_name_hash IS NOT NULL;
CREATE INDEX filing_person_id_no ON filing (person_id_no_hash) WHERE person_id_no_hash IS NOT NULL;
CREATE INDEX filing_without_person_key ON filing (id) WHERE person_name_hash = '';
