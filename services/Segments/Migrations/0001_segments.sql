-- What the profiles of an environment consist of, and how far they have come. The profiles are in tables of their own,
-- "profiles_<storage_id>" and "deletions_<storage_id>", with a typed column for each attribute.
CREATE TABLE profile_sets (
  environment TEXT PRIMARY KEY,
  storage_id TEXT NOT NULL,
  key_attribute TEXT NOT NULL,
  change_number BIGINT NOT NULL,
  profile_count BIGINT NOT NULL,
  feed_floor BIGINT NOT NULL,
  etag TEXT NOT NULL
);

CREATE TABLE profile_attributes (
  environment TEXT NOT NULL REFERENCES profile_sets (environment),
  ordinal BIGINT NOT NULL,
  name TEXT NOT NULL,
  kind BIGINT NOT NULL,
  semantic_type TEXT NOT NULL,
  PRIMARY KEY (environment, ordinal)
);

-- Definitions and what is published of them. Members are in a table of their own, "members_<storage_id>", made by the
-- first refresh.
CREATE TABLE segments (
  environment TEXT NOT NULL,
  segment TEXT NOT NULL,
  display_name TEXT NOT NULL,
  description TEXT NOT NULL,
  rule TEXT NOT NULL,
  state BIGINT NOT NULL,
  etag TEXT NOT NULL,
  storage_id TEXT NOT NULL,
  version BIGINT NOT NULL,
  last_version BIGINT NOT NULL,
  first_version BIGINT NOT NULL,
  feed_floor BIGINT NOT NULL,
  member_count BIGINT NOT NULL,
  evaluated_change BIGINT NOT NULL,
  refresh_time BIGINT,
  last_error TEXT NOT NULL,
  PRIMARY KEY (environment, segment)
);

-- A segment made anew under an old name goes on counting, so that no old position of the change feed fits it by chance.
CREATE TABLE retired_segments (
  environment TEXT NOT NULL,
  segment TEXT NOT NULL,
  last_version BIGINT NOT NULL,
  PRIMARY KEY (environment, segment)
);

CREATE TABLE refreshes (
  environment TEXT NOT NULL,
  segment TEXT NOT NULL,
  refresh TEXT NOT NULL,
  state BIGINT NOT NULL,
  version BIGINT NOT NULL,
  member_count BIGINT NOT NULL,
  added_count BIGINT NOT NULL,
  removed_count BIGINT NOT NULL,
  requested_by TEXT NOT NULL,
  request_time BIGINT NOT NULL,
  start_time BIGINT,
  end_time BIGINT,
  error TEXT NOT NULL,
  PRIMARY KEY (environment, segment, refresh)
);

-- One waits, whoever asks (state 1 is queued).
CREATE UNIQUE INDEX refreshes_queued ON refreshes (environment, segment) WHERE state = 1;

-- What was made for a request id, so that repeating the request gives the same answer.
CREATE TABLE answered_requests (
  environment TEXT NOT NULL,
  kind TEXT NOT NULL,
  request_id TEXT NOT NULL,
  subject TEXT NOT NULL,
  answered_at BIGINT NOT NULL,
  PRIMARY KEY (environment, kind, request_id)
);
