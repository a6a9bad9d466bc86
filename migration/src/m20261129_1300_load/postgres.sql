ALTER TABLE tally DROP CONSTRAINT tally_kind_check;
ALTER TABLE tally ADD CONSTRAINT tally_kind_check CHECK (kind IN (
    'state', 'again', 'waiting', 'received', 'decided', 'spent', 'returned', 'remarked', 'officer'
));
ALTER TABLE tally_change DROP CONSTRAINT tally_change_kind_check;
ALTER TABLE tally_change ADD CONSTRAINT tally_change_kind_check CHECK (kind IN (
    'state', 'again', 'waiting', 'received', 'decided', 'spent', 'returned', 'remarked', 'officer'
));
CREATE INDEX tally_officer ON tally (item, day) WHERE kind = 'officer';
