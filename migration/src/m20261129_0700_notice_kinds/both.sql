-- What a notice is about; those from before have no kind.
ALTER TABLE notice ADD COLUMN kind TEXT NOT NULL DEFAULT 'other' CHECK (kind IN ('progress', 'approved', 'returned', 'rejected', 'handover', 'draft', 'reminder', 'desk', 'account', 'other'));
