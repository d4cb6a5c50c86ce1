-- The desk: who is signed in just now, what a sign-in waits for, and who looked when. No act says
-- any of it, and no order depends on it: a copy of the home without these rows is whole. Tokens
-- are kept as hashes only; who reads these tables cannot sign in with what he reads.

CREATE TABLE sitting (
	token_sha256 @text NOT NULL PRIMARY KEY,
	person @text NOT NULL,
	key_sha256 @text NOT NULL,
	agent @text NOT NULL,
	created_at_utc @i64 NOT NULL,
	seen_at_utc @i64 NOT NULL,
	ends_at_utc @i64 NOT NULL
) @strict;
CREATE INDEX sitting_person ON sitting (person);

-- What a browser was asked to sign: once, and soon.
CREATE TABLE challenge (
	challenge_sha256 @text NOT NULL PRIMARY KEY,
	what @text NOT NULL,
	about @text NOT NULL,
	ends_at_utc @i64 NOT NULL
) @strict;

-- The signature counter of each passkey at its last sign-in.
CREATE TABLE key_counter (
	key_sha256 @text NOT NULL PRIMARY KEY,
	counter @i64 NOT NULL
) @strict;

-- What was typed when a session ended, for the same person after the next sign-in.
CREATE TABLE draft (
	token_sha256 @text NOT NULL PRIMARY KEY,
	person @text NOT NULL,
	target @text NOT NULL,
	form @text NOT NULL,
	ends_at_utc @i64 NOT NULL
) @strict;

-- Who signed in, was refused, signed out, and looked at which order: insert only.
CREATE TABLE access (
	id @i64 NOT NULL PRIMARY KEY,
	at_utc @i64 NOT NULL,
	what @text NOT NULL,
	person @text,
	order_ref @text,
	detail @text NOT NULL
) @strict;
CREATE INDEX access_person ON access (person, order_ref, at_utc);
