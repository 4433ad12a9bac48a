-- Label of the workspace behind the host, in the operator's words: tells accounts of one host apart; empty for none.
ALTER TABLE connections ADD COLUMN workspace TEXT NOT NULL DEFAULT '';
