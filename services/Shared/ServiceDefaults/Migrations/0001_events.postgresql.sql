-- Events that wait to leave, in the order of their position. A row goes in with the state it announces; id is the
-- CloudEvents id. Whoever publishes a row moves its next_attempt_at into the future first, which keeps others off it.
CREATE TABLE outbox (
  position BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id TEXT NOT NULL,
  topic TEXT NOT NULL,
  subject TEXT NOT NULL,
  payload TEXT NOT NULL,
  traceparent TEXT,
  created_at BIGINT NOT NULL,
  attempts BIGINT NOT NULL DEFAULT 0,
  next_attempt_at BIGINT NOT NULL,
  parked BIGINT NOT NULL DEFAULT 0,
  last_error TEXT,
  published_at BIGINT
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);
CREATE INDEX outbox_waiting ON outbox (next_attempt_at, position) WHERE published_at IS NULL;
CREATE INDEX outbox_published ON outbox (published_at) WHERE published_at IS NOT NULL;

-- Events whose effects are in this database; a row goes in with the effects.
CREATE TABLE inbox (
  consumer TEXT NOT NULL,
  source TEXT NOT NULL,
  event_id TEXT NOT NULL,
  received_at BIGINT NOT NULL,
  PRIMARY KEY (consumer, source, event_id)
);
CREATE INDEX inbox_received ON inbox (received_at);
