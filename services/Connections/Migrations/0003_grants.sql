-- Further settings of a connection, which only its type can read; empty for none.
ALTER TABLE connections ADD COLUMN document TEXT NOT NULL DEFAULT '';
-- The grant that is its credential instead of a secret; empty for none.
ALTER TABLE connections ADD COLUMN grant_id TEXT NOT NULL DEFAULT '';

-- What a person granted by signing in at an outside service. Belongs to a sign-in first, then to a connection.
CREATE TABLE grants (
  grant_id TEXT PRIMARY KEY,
  -- The refresh token, encrypted. Each use brings its successor, which is stored before anything else is done with the answer.
  token TEXT NOT NULL,
  -- Who uses it at present, so that two replicas never spend the same token; empty for nobody.
  lease_owner TEXT NOT NULL DEFAULT '',
  lease_until BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE sign_ins (
  sign_in_id TEXT PRIMARY KEY,
  environment_id TEXT NOT NULL,
  principal TEXT NOT NULL,
  service BIGINT NOT NULL,
  state BIGINT NOT NULL,
  reason TEXT NOT NULL DEFAULT '',
  expires_at BIGINT NOT NULL,
  -- Hashes of what the browser shows: the token of the link, then the state; each empty once used. And of its cookie.
  link_hash TEXT NOT NULL,
  state_hash TEXT NOT NULL DEFAULT '',
  browser_hash TEXT NOT NULL DEFAULT '',
  -- The code verifier (RFC 7636), encrypted.
  verifier TEXT NOT NULL DEFAULT '',
  grant_id TEXT NOT NULL DEFAULT ''
);
CREATE INDEX sign_ins_link ON sign_ins (link_hash) WHERE link_hash <> '';
CREATE INDEX sign_ins_state ON sign_ins (state_hash) WHERE state_hash <> '';
CREATE INDEX sign_ins_expiry ON sign_ins (expires_at);
