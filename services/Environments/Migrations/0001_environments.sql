CREATE TABLE environments (
  environment_id TEXT PRIMARY KEY,
  display_name TEXT NOT NULL,
  type BIGINT NOT NULL,
  primary_audience BIGINT NOT NULL,
  region TEXT NOT NULL,
  storage_kind BIGINT NOT NULL,
  attached_organization TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  etag TEXT NOT NULL,
  request_id TEXT
);
CREATE UNIQUE INDEX environments_request ON environments (created_by, request_id);

CREATE TABLE role_assignments (
  environment_id TEXT NOT NULL REFERENCES environments (environment_id),
  principal TEXT NOT NULL,
  role BIGINT NOT NULL,
  assigned_at BIGINT NOT NULL,
  assigned_by TEXT NOT NULL,
  PRIMARY KEY (environment_id, principal)
);
CREATE INDEX role_assignments_principal ON role_assignments (principal, environment_id);

-- Who did what (PER-9). Rows are added, never changed.
CREATE TABLE audit (
  audit_id TEXT PRIMARY KEY,
  happened_at BIGINT NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  environment_id TEXT NOT NULL,
  principal TEXT,
  old_role BIGINT,
  new_role BIGINT
);
CREATE INDEX audit_environment ON audit (environment_id, happened_at);
