-- When the outside service was last asked by itself; zero for never.
ALTER TABLE connections ADD COLUMN rechecked_at BIGINT NOT NULL DEFAULT 0;
-- What was wrong then, until it is asked once more; empty for nothing.
ALTER TABLE connections ADD COLUMN doubt TEXT NOT NULL DEFAULT '';
CREATE INDEX connections_rechecked ON connections (rechecked_at);
