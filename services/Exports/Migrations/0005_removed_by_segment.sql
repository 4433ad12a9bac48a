-- Former members taken out of an audience that is this segment's alone (EXP-35); NULL where nothing tells.
ALTER TABLE run_segments ADD COLUMN removed_count BIGINT;
-- Until now it was known of runs of one segment only.
UPDATE run_segments SET removed_count = (SELECT runs.removed_count FROM runs WHERE runs.run = run_segments.run)
WHERE NOT EXISTS (SELECT 1 FROM run_segments AS other WHERE other.run = run_segments.run AND other.segment <> run_segments.segment);
