-- When it is looked at next without anybody asking; zero until the first time, for which its age counts.
ALTER TABLE connections ADD COLUMN recheck_at BIGINT NOT NULL DEFAULT 0;
-- The etag at which the last recheck was refused: whatever changes the connection since ends the doubt. Empty for none.
ALTER TABLE connections ADD COLUMN doubted_etag TEXT NOT NULL DEFAULT '';
-- Version of the credential and problem, with a blank between them, that a recheck recorded and a recheck may take back. Empty for none.
ALTER TABLE connections ADD COLUMN recheck_found TEXT NOT NULL DEFAULT '';
