-- Until when a run was put down last, and how often in a row: the destination wanted nothing to be sent.
ALTER TABLE runs ADD COLUMN resume_at BIGINT;
ALTER TABLE runs ADD COLUMN pauses BIGINT NOT NULL DEFAULT 0;

-- Why the destination refused a removal, and in which run: it is listed with that run, and tried again by the next one.
ALTER TABLE removals ADD COLUMN reason TEXT;
ALTER TABLE removals ADD COLUMN refused_run BIGINT;
