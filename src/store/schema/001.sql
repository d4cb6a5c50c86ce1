-- The first schema. Types are tokens, so that one text serves every engine:
-- @i64, @text, @strict (end of a table), @order_view (the columns of view.def).
-- Hashes, salts and siblings are lower-case hex; times end in their unit.

CREATE TABLE meta (
	key @text NOT NULL PRIMARY KEY,
	value @text NOT NULL
) @strict;

-- The truth: insert only. id counts the acts of the home in the order of their arrival, so that
-- what a tick took is a number. Retention may empty a row: body null, salt and act '', time 0.
CREATE TABLE act (
	id @i64 NOT NULL PRIMARY KEY,
	order_ref @text NOT NULL,
	seq @i64 NOT NULL,
	made_at_utc @i64 NOT NULL,
	act @text NOT NULL,
	body @text,
	salt @text NOT NULL,
	commitment @text NOT NULL UNIQUE,
	UNIQUE (order_ref, seq)
) @strict;

-- The seal's own acts, as its ticks hand them over: insert only.
CREATE TABLE seal_act (
	seal_seq @i64 NOT NULL PRIMARY KEY,
	order_ref @text,
	act @text NOT NULL,
	body @text NOT NULL,
	salt @text NOT NULL,
	commitment @text NOT NULL UNIQUE
) @strict;
CREATE INDEX seal_act_order ON seal_act (order_ref, seal_seq);

-- A tick that took acts: n is the index of its entry, until_id the last act.id taken so far.
-- Idle ticks have no row: their entry stands in the entries tile.
CREATE TABLE tick (
	n @i64 NOT NULL PRIMARY KEY,
	time_ms @i64 NOT NULL,
	entry @text NOT NULL,
	size @i64 NOT NULL,
	until_id @i64 NOT NULL
) @strict;

-- Where a commitment stands in its tick: insert only. An act without such a row waits.
CREATE TABLE proof (
	commitment @text NOT NULL PRIMARY KEY,
	tick @i64 NOT NULL REFERENCES tick (n),
	place @i64 NOT NULL,
	siblings @text NOT NULL
) @strict;

-- The one projection that 'writ order list' needs; rebuilt from the acts at will.
CREATE TABLE order_view (
	ref @text NOT NULL PRIMARY KEY@order_view
) @strict;
CREATE INDEX order_view_received ON order_view (received_at, ref);
