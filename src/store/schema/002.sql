-- Acts without an index over their commitments: a proof finds its commitment by its own key, and
-- only the check of the whole log looks the other way. The index cost every act a page of its own.

CREATE TABLE act_without_index (
	id @i64 NOT NULL PRIMARY KEY,
	order_ref @text NOT NULL,
	seq @i64 NOT NULL,
	made_at_utc @i64 NOT NULL,
	act @text NOT NULL,
	body @text,
	salt @text NOT NULL,
	commitment @text NOT NULL,
	UNIQUE (order_ref, seq)
) @strict;
INSERT INTO act_without_index (id, order_ref, seq, made_at_utc, act, body, salt, commitment)
	SELECT id, order_ref, seq, made_at_utc, act, body, salt, commitment FROM act ORDER BY id;
DROP TABLE act;
ALTER TABLE act_without_index RENAME TO act;
