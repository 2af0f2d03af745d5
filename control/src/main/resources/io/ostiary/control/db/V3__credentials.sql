-- How consumers are recognised besides their keys, and what they belong to. SQLite and PostgreSQL
-- take the same text.

-- Names separated by spaces.
ALTER TABLE consumer ADD COLUMN member_of TEXT NOT NULL DEFAULT '';
ALTER TABLE consumer ADD COLUMN tags TEXT NOT NULL DEFAULT '';

-- kind: password, signature, subject or certificate. shown: what the caller shows, such as a user
-- name or a key id. secret: what proves it; of a password its Argon2id hash, of a signature the
-- algorithm and the public key or the shared secret, otherwise empty.
CREATE TABLE credential (
  id         TEXT   NOT NULL PRIMARY KEY,
  consumer   TEXT   NOT NULL REFERENCES consumer (id) ON DELETE CASCADE,
  kind       TEXT   NOT NULL,
  shown      TEXT   NOT NULL,
  secret     TEXT   NOT NULL,
  created_at BIGINT NOT NULL,
  UNIQUE (kind, shown)
);

CREATE INDEX credential_consumer ON credential (consumer, created_at);
