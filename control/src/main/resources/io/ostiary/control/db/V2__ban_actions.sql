-- What happens to a banned source, and where. SQLite and PostgreSQL take the same text.

-- action: deny or limit; of a limit, what the kernel lets through and what the gateway answers in
-- a second.
ALTER TABLE ban ADD COLUMN action TEXT NOT NULL DEFAULT 'deny';
ALTER TABLE ban ADD COLUMN packets_per_second BIGINT;
ALTER TABLE ban ADD COLUMN calls_per_second BIGINT;

-- kernel: by the source of packets; gateway: by the address that a proxy names.
ALTER TABLE ban ADD COLUMN place TEXT NOT NULL DEFAULT 'kernel';

CREATE INDEX ban_since ON ban (since);
