-- Addresses at which the recipient fetches a delivered file, by the hash of their code; and a
-- document that two people sign at the desk, between the first signature and the second.

CREATE TABLE pickup (
	code_sha256 @text NOT NULL PRIMARY KEY,
	order_ref @text NOT NULL,
	made_by @text NOT NULL,
	made_at_utc @i64 NOT NULL,
	ends_at_utc @i64 NOT NULL,
	bytes_left @i64 NOT NULL,
	fetches @i64 NOT NULL,
	last_at_utc @i64
) @strict;

CREATE TABLE joint (
	kind @text NOT NULL PRIMARY KEY,
	document @text NOT NULL,
	signature @text NOT NULL,
	signed_by @text NOT NULL,
	ends_at_utc @i64 NOT NULL
) @strict;
