-- Tells a repeated request from another one that took the same request id. Empty: answered before this was recorded.
ALTER TABLE answered_requests ADD COLUMN fingerprint TEXT NOT NULL DEFAULT '';
