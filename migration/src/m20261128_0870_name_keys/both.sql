-- Names as they are compared and searched (`domain::value::text::comparison_key`); the server fills the rows
-- from before when it starts.
ALTER TABLE record ADD COLUMN title_key TEXT NOT NULL DEFAULT '';
ALTER TABLE filing ADD COLUMN title_key TEXT NOT NULL DEFAULT '';
ALTER TABLE filing ADD COLUMN subject_key TEXT NOT NULL DEFAULT '';
ALTER TABLE provider ADD COLUMN name_key TEXT NOT NULL DEFAULT '';
ALTER TABLE provider ADD COLUMN aliases_key TEXT NOT NULL DEFAULT '';

DROP INDEX record_title;
CREATE INDEX record_title_key ON record (title_key {binary}, id);
CREATE INDEX provider_name_key ON provider (directory, name_key);
CREATE INDEX filing_without_key ON filing (id) WHERE title_key = '';

DROP INDEX filing_province_subject;
CREATE INDEX filing_province_subject
    ON filing (is_reviewable, substr(jurisdiction, 1, 2), state, subject_key {binary}, id);
DROP INDEX filing_province_title;
CREATE INDEX filing_province_title
    ON filing (is_reviewable, substr(jurisdiction, 1, 2), state, title_key {binary}, id);
DROP INDEX filing_city_subject;
CREATE INDEX filing_city_subject
    ON filing (is_reviewable, substr(jurisdiction, 1, 4), state, subject_key {binary}, id);
DROP INDEX filing_city_title;
CREATE INDEX filing_city_title
    ON filing (is_reviewable, substr(jurisdiction, 1, 4), state, title_key {binary}, id);
