-- How the identity platform came to know the person of a session (ASVS V6.8.4).
ALTER TABLE session ADD COLUMN auth_time BIGINT;
ALTER TABLE session ADD COLUMN acr TEXT;
