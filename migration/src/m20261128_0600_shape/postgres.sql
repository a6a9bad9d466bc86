-- SQLite says so in `person` itself, where PostgreSQL does not know `record` yet.
ALTER TABLE person ADD FOREIGN KEY (current_subject_id) REFERENCES record (id);
