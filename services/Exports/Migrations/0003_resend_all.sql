-- 1 when a run sends every member, whatever was delivered before.
ALTER TABLE runs ADD COLUMN resend_all BIGINT NOT NULL DEFAULT 0;
