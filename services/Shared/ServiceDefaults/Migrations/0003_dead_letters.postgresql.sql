-- Events that were given up where the transport keeps none itself: for somebody to look at, and to publish again.
CREATE TABLE dead_letters (
  id TEXT NOT NULL PRIMARY KEY,
  topic TEXT NOT NULL,
  -- CloudEvents id; empty when it is no event.
  event_id TEXT NOT NULL,
  reason TEXT NOT NULL,
  body TEXT NOT NULL,
  received_at BIGINT NOT NULL
);
CREATE INDEX dead_letters_received ON dead_letters (received_at);
