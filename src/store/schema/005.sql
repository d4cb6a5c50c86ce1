-- Invitations to make a passkey, until two people have signed its row of the roster: the code is
-- kept as its hash, the document that both sign as it was shown to the first.

CREATE TABLE invitation (
	code_sha256 @text NOT NULL PRIMARY KEY,
	name @text NOT NULL,
	unix_user @text NOT NULL,
	may @text NOT NULL,
	invited_by @text NOT NULL,
	ends_at_utc @i64 NOT NULL,
	passkey @text,
	document @text,
	signature @text,
	signed_by @text
) @strict;
