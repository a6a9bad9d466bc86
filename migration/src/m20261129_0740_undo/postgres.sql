ALTER TABLE filing_event DROP CONSTRAINT filing_event_event_check;
ALTER TABLE filing_event ADD CONSTRAINT filing_event_event_check CHECK (event IN (
    'submit', 'claim', 'release', 'approve', 'return', 'reject', 'withdraw', 'resubmit',
    'terminate', 'transfer', 'undo'
));
