-- What people and the system create while Ostiary runs. SQLite and PostgreSQL take the same text.
-- Instants are milliseconds since 1970, UTC.

CREATE TABLE team (
  id   TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL
);

INSERT INTO team (id, name) VALUES ('default', 'Default');

CREATE TABLE setting (
  name  TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
);

CREATE TABLE consumer (
  id         TEXT   NOT NULL PRIMARY KEY,
  team       TEXT   NOT NULL REFERENCES team (id),
  name       TEXT   NOT NULL UNIQUE,
  created_at BIGINT NOT NULL
);

-- hash: SHA-256 of the key, 64 hexadecimal digits. The key itself is kept nowhere.
CREATE TABLE api_key (
  id         TEXT   NOT NULL PRIMARY KEY,
  consumer   TEXT   NOT NULL REFERENCES consumer (id) ON DELETE CASCADE,
  name       TEXT   NOT NULL,
  hash       TEXT   NOT NULL UNIQUE,
  last4      TEXT   NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT,
  revoked_at BIGINT
);

CREATE INDEX api_key_consumer ON api_key (consumer, created_at);

-- calls: ids of the calls that are the evidence, separated by spaces.
CREATE TABLE ban (
  id          TEXT   NOT NULL PRIMARY KEY,
  source      TEXT   NOT NULL,
  reason      TEXT   NOT NULL,
  calls       TEXT   NOT NULL,
  since       BIGINT NOT NULL,
  until       BIGINT NOT NULL,
  by_whom     TEXT   NOT NULL,
  lifted_at   BIGINT,
  lifted_by   TEXT
);

CREATE INDEX ban_until ON ban (until);

-- hash: SHA-256 of the cookie's value.
CREATE TABLE session (
  hash       TEXT   NOT NULL PRIMARY KEY,
  who        TEXT   NOT NULL,
  role       TEXT   NOT NULL,
  team       TEXT   NOT NULL REFERENCES team (id),
  created_at BIGINT NOT NULL,
  used_at    BIGINT NOT NULL
);

-- Rows are only ever added.
CREATE TABLE audit (
  id          BIGINT NOT NULL PRIMARY KEY,
  at          BIGINT NOT NULL,
  who         TEXT   NOT NULL,
  role        TEXT   NOT NULL,
  team        TEXT   NOT NULL,
  from_where  TEXT   NOT NULL,
  action      TEXT   NOT NULL,
  object      TEXT   NOT NULL,
  detail      TEXT   NOT NULL
);
