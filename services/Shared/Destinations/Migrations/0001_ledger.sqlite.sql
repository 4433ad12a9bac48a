-- What stands where: one row for each audience at an account that an export has ever kept.
CREATE TABLE audiences (
  audience_id INTEGER PRIMARY KEY,
  -- Uid of the export: one made anew under an old name starts with an empty ledger.
  export      TEXT NOT NULL,
  account     TEXT NOT NULL,
  audience    TEXT NOT NULL,
  -- Fingerprint of everything that decides how a member is sent; another one means that all members are compared again.
  definition  TEXT NOT NULL DEFAULT '',
  -- Position in the change feed up to which everything is settled; null before the first complete pass.
  position    BLOB,
  -- 1 when the next pass has to look at every member whatever the position.
  compare     SMALLINT NOT NULL DEFAULT 0,
  -- 1 when the export does not keep it any more and everything that stood there is queued for removal.
  given_up    SMALLINT NOT NULL DEFAULT 0,
  UNIQUE (export, account, audience)
);

CREATE TABLE runs (
  run_id INTEGER PRIMARY KEY,
  run    TEXT NOT NULL UNIQUE,
  -- How it ended; null while it is not over. Kept so that a crash before the report changes nothing.
  state  SMALLINT,
  reason TEXT NOT NULL DEFAULT '',
  message TEXT NOT NULL DEFAULT ''
);

-- Where a run stands with an audience.
CREATE TABLE run_audiences (
  run_id      BIGINT NOT NULL REFERENCES runs,
  audience_id BIGINT NOT NULL REFERENCES audiences,
  stage       SMALLINT NOT NULL,
  -- Members up to this customer id are settled in the snapshot at this position, with these counts.
  checkpoint  TEXT,
  position    BLOB,
  counts      BLOB,
  removed     BIGINT NOT NULL DEFAULT 0,
  removals_rejected BIGINT NOT NULL DEFAULT 0,
  requests    BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (run_id, audience_id)
);

CREATE TABLE ledger (
  audience_id BIGINT NOT NULL,
  customer_id TEXT NOT NULL,
  -- 1 delivered, 2 duplicate, 3 rejected, 4 removed.
  state       SMALLINT NOT NULL,
  -- What the run that settled it counted it as: 1 added, 2 updated, 4 skipped, 5 duplicate, 6 rejected.
  class       SMALLINT NOT NULL,
  run_id      BIGINT NOT NULL,
  settled_at  BIGINT NOT NULL,
  key_hash    BIGINT,
  hash_high   BIGINT NOT NULL,
  hash_low    BIGINT NOT NULL,
  fields      BIGINT NOT NULL,
  -- Matching key that stands at the destination; of a duplicate, the key that it shares.
  key         TEXT,
  reason      TEXT,
  PRIMARY KEY (audience_id, customer_id)
) WITHOUT ROWID;

CREATE INDEX ledger_by_key ON ledger (audience_id, key_hash) WHERE key_hash IS NOT NULL;
CREATE INDEX ledger_rejected ON ledger (audience_id, customer_id) WHERE state = 3;

-- Matching keys to take out once all additions are confirmed.
CREATE TABLE removals (
  audience_id BIGINT NOT NULL,
  key         TEXT NOT NULL,
  key_hash    BIGINT NOT NULL,
  customer_id TEXT NOT NULL,
  -- 1 left, 2 key changed, 3 cannot be sent any more, 4 audience given up, 5 fate unknown after a crash.
  cause       SMALLINT NOT NULL,
  PRIMARY KEY (audience_id, key)
) WITHOUT ROWID;

-- Keys on their way to where nothing stood: should the worker die now, they have to be found again.
CREATE TABLE flights (
  run_id      BIGINT NOT NULL,
  epoch       BIGINT NOT NULL,
  number      BIGINT NOT NULL,
  audience_id BIGINT NOT NULL,
  -- JSON array of customer id, key, customer id, key, ...
  keys        TEXT NOT NULL,
  PRIMARY KEY (run_id, epoch, number)
);
