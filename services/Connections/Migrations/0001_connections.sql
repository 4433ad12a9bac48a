CREATE TABLE connections (
  environment_id TEXT NOT NULL,
  connection_id TEXT NOT NULL,
  type TEXT NOT NULL,
  display_name TEXT NOT NULL,
  -- The display name as it is compared: two that differ in case only look the same to people (CON-6).
  display_name_key TEXT NOT NULL,
  host TEXT NOT NULL,
  access BIGINT NOT NULL,
  -- Encrypted; names the key that it needs.
  secret TEXT NOT NULL,
  -- Grows whenever the credential is replaced: tells a report about the present one from one about its predecessor.
  credential_version BIGINT NOT NULL,
  credential_problem TEXT NOT NULL,
  export_user TEXT NOT NULL,
  export_user_groups TEXT NOT NULL,
  export_user_since BIGINT NOT NULL,
  export_user_problem TEXT NOT NULL,
  statement_version TEXT NOT NULL,
  agreed_by TEXT NOT NULL,
  agreed_at BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  etag TEXT NOT NULL,
  request_id TEXT,
  request_fingerprint TEXT NOT NULL,
  PRIMARY KEY (environment_id, connection_id)
);
CREATE UNIQUE INDEX connections_display_name ON connections (environment_id, type, display_name_key);
CREATE UNIQUE INDEX connections_request ON connections (environment_id, created_by, request_id);

-- Keys of ASP.NET Data Protection, themselves encrypted by the certificate of the installation when there is one.
CREATE TABLE protection_keys (
  key_id TEXT PRIMARY KEY,
  xml TEXT NOT NULL,
  created_at BIGINT NOT NULL
);

-- Who did what (PER-9). Rows are added, never changed; none holds a secret or a host.
CREATE TABLE audit (
  audit_id TEXT PRIMARY KEY,
  happened_at BIGINT NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  environment_id TEXT NOT NULL,
  connection_id TEXT NOT NULL,
  run TEXT,
  credential_version BIGINT,
  detail TEXT
);
CREATE INDEX audit_connection ON audit (environment_id, connection_id, happened_at);
