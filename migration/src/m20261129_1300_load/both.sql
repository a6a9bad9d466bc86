-- The counts also say what was returned for which question, and how much each officer decided. They are made anew from
-- the filings and their history when a server starts that finds them unmade.
DELETE FROM counter WHERE name = 'tally/made';

-- Who reviews in a region.
CREATE INDEX staff_reviewer ON staff (region, id) WHERE role = 'reviewer' AND revoked_at IS NULL;
