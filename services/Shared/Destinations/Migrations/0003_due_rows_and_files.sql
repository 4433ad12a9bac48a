-- Rows that are due are in the ledger with state 5 until the destination has confirmed them.
CREATE INDEX ledger_due ON ledger (audience_id, customer_id) WHERE state = 5;

-- 1 once something that is due may have been sent: it may stand at the destination although nothing confirmed it.
ALTER TABLE audiences ADD COLUMN sending SMALLINT NOT NULL DEFAULT 0;

-- When everybody was sent last, in microseconds since 1970: null before the first delivery, 0 when it has to happen again.
ALTER TABLE audiences ADD COLUMN full_send_at BIGINT;

-- A file on its way to the destination, at most one for each audience: what it holds does not change until its fate is known.
CREATE TABLE files (
  audience_id BIGINT NOT NULL PRIMARY KEY,
  -- The run that made it.
  run_id      BIGINT NOT NULL,
  -- 1 additions, 2 removals, 3 everybody in place of what stood there.
  kind        SMALLINT NOT NULL,
  rows        BIGINT NOT NULL,
  -- 1 made, 2 place reserved, 3 handed over.
  stage       SMALLINT NOT NULL,
  -- What the destination knows it by; no secret.
  ticket      TEXT NOT NULL,
  -- When to ask for its fate, and how often it was asked.
  ask_at      BIGINT NOT NULL,
  asked       BIGINT NOT NULL
);
