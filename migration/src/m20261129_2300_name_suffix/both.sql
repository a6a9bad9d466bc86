-- What a public name ends with from each of its characters on, so that a name is found by any part of it without
-- reading every record (suffix index). A record's own name once it has a number; a unit's name for what it owns.
CREATE TABLE name_suffix (
    is_owner BOOLEAN NOT NULL,
    suffix TEXT {binary} NOT NULL,
    record_id TEXT NOT NULL REFERENCES record (id),
    PRIMARY KEY (is_owner, suffix, record_id)
){without rowid};
CREATE INDEX name_suffix_record ON name_suffix (record_id);

WITH RECURSIVE place (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM place WHERE n < 199)
INSERT INTO name_suffix (is_owner, suffix, record_id)
SELECT DISTINCT record.business = 'subject', substr(record.title_key, place.n, 16), record.id
FROM record JOIN place ON place.n < length(record.title_key)
WHERE record.registration_digits IS NOT NULL AND record.business <> 'subject'
   OR record.registered_at IS NOT NULL AND record.business = 'subject' AND record.owner_kind <> '个人';
