-- Work that waits or runs. A job that is done leaves the table. Of a group at most one runs, which the index guarantees
-- whatever the replicas do at the same time.
CREATE TABLE jobs (
  position BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind TEXT NOT NULL,
  job_key TEXT NOT NULL,
  job_group TEXT NOT NULL,
  payload TEXT NOT NULL,
  traceparent TEXT,
  running BIGINT NOT NULL DEFAULT 0,
  attempt BIGINT NOT NULL DEFAULT 0,
  failures BIGINT NOT NULL DEFAULT 0,
  epoch BIGINT NOT NULL DEFAULT 0,
  lease_owner TEXT,
  lease_until BIGINT,
  next_at BIGINT NOT NULL,
  last_error TEXT,
  created_at BIGINT NOT NULL,
  UNIQUE (kind, job_key)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 200);
CREATE UNIQUE INDEX jobs_running_group ON jobs (job_group) WHERE running = 1;
CREATE INDEX jobs_due ON jobs (kind, running, next_at);
