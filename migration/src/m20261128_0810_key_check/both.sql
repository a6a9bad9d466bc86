-- A word that each sealing key has sealed, and its keyed hash: the server sees at its start whether its keys fit.
CREATE TABLE key_check (
    key_id INTEGER NOT NULL PRIMARY KEY,
    word_sealed TEXT NOT NULL,
    word_hash TEXT NOT NULL
);
