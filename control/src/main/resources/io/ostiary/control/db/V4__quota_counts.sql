-- What callers have used of their quotas. SQLite and PostgreSQL take the same text.

-- who: the id of a consumer, '(nobody)', or empty where all are counted together.
-- period: its beginning in epoch seconds; a row is of the newest period only.
CREATE TABLE quota_count (
  quota TEXT NOT NULL,
  who TEXT NOT NULL,
  period BIGINT NOT NULL,
  used BIGINT NOT NULL,
  PRIMARY KEY (quota, who)
);
