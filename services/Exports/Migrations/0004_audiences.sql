-- 1 when a run takes everybody out instead of delivering (D-08).
ALTER TABLE runs ADD COLUMN empty_audiences BIGINT NOT NULL DEFAULT 0;
-- Display name of the segment when the run was opened: the name of its audience where each segment has one (MSA-11).
ALTER TABLE run_segments ADD COLUMN display_name TEXT NOT NULL DEFAULT '';
