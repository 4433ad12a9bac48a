CREATE TABLE exports (
    uid TEXT NOT NULL PRIMARY KEY,
    environment TEXT NOT NULL,
    export TEXT NOT NULL,
    display_name TEXT NOT NULL,
    connection TEXT NOT NULL,
    settings_type TEXT NOT NULL,
    settings TEXT NOT NULL,
    follow_refreshes BIGINT NOT NULL,
    warnings TEXT NOT NULL,
    create_time BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    request_id TEXT NOT NULL,
    etag TEXT NOT NULL,
    -- The trigger of a run that is still to be opened; 0 when none is.
    due BIGINT NOT NULL DEFAULT 0,
    last_run_state BIGINT NOT NULL DEFAULT 0,
    last_run_time BIGINT,
    failures_in_a_row BIGINT NOT NULL DEFAULT 0,
    UNIQUE (environment, export)
);

CREATE UNIQUE INDEX exports_requests ON exports (environment, request_id) WHERE request_id <> '';

CREATE TABLE export_segments (
    export_uid TEXT NOT NULL REFERENCES exports (uid) ON DELETE CASCADE,
    segment TEXT NOT NULL,
    ordinal BIGINT NOT NULL,
    -- The newest version that asks for no run any more: delivered, given up by a person, or there when the export was saved.
    settled_version BIGINT NOT NULL,
    PRIMARY KEY (export_uid, segment)
);

CREATE INDEX export_segments_by_segment ON export_segments (segment);

-- Runs outlive their export for a while, so that a worker in the middle of one can end it.
CREATE TABLE runs (
    run TEXT NOT NULL PRIMARY KEY,
    export_uid TEXT NOT NULL,
    environment TEXT NOT NULL,
    export TEXT NOT NULL,
    state BIGINT NOT NULL,
    run_trigger BIGINT NOT NULL,
    started_by TEXT NOT NULL,
    full_comparison BIGINT NOT NULL,
    request_id TEXT NOT NULL,
    display_name TEXT NOT NULL,
    connection TEXT NOT NULL,
    settings_type TEXT NOT NULL,
    settings TEXT NOT NULL,
    definition_etag TEXT NOT NULL,
    destination_account TEXT NOT NULL,
    request_time BIGINT NOT NULL,
    publish_time BIGINT NOT NULL,
    start_time BIGINT,
    progress_time BIGINT,
    end_time BIGINT,
    throttled_until BIGINT,
    cancel_requested BIGINT NOT NULL DEFAULT 0,
    reason TEXT NOT NULL DEFAULT '',
    message TEXT NOT NULL DEFAULT '',
    read_count BIGINT NOT NULL DEFAULT 0,
    added_count BIGINT NOT NULL DEFAULT 0,
    updated_count BIGINT NOT NULL DEFAULT 0,
    unchanged_count BIGINT NOT NULL DEFAULT 0,
    removed_count BIGINT NOT NULL DEFAULT 0,
    skipped_count BIGINT NOT NULL DEFAULT 0,
    duplicate_count BIGINT NOT NULL DEFAULT 0,
    rejected_count BIGINT NOT NULL DEFAULT 0,
    request_count BIGINT NOT NULL DEFAULT 0,
    removal_rejected_count BIGINT NOT NULL DEFAULT 0,
    listed_rows BIGINT NOT NULL DEFAULT 0,
    unlisted_rows BIGINT NOT NULL DEFAULT 0
);

CREATE INDEX runs_history ON runs (export_uid, run);
CREATE INDEX runs_ended ON runs (end_time) WHERE end_time IS NOT NULL;
CREATE UNIQUE INDEX runs_requests ON runs (export_uid, request_id) WHERE request_id <> '';

-- One run of an export at a time (EXP-36), whatever the code believes.
CREATE UNIQUE INDEX runs_active ON runs (export_uid) WHERE state IN (1, 2);

CREATE TABLE run_segments (
    run TEXT NOT NULL REFERENCES runs (run) ON DELETE CASCADE,
    segment TEXT NOT NULL,
    ordinal BIGINT NOT NULL,
    opened_version BIGINT NOT NULL,
    version BIGINT NOT NULL DEFAULT 0,
    member_count BIGINT NOT NULL DEFAULT 0,
    read_count BIGINT NOT NULL DEFAULT 0,
    sent_count BIGINT NOT NULL DEFAULT 0,
    skipped_count BIGINT NOT NULL DEFAULT 0,
    duplicate_count BIGINT NOT NULL DEFAULT 0,
    rejected_count BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (run, segment)
);

-- The only table with anything about a person, and only the id: never an address or another value.
CREATE TABLE rejected_rows (
    run TEXT NOT NULL REFERENCES runs (run) ON DELETE CASCADE,
    customer_id TEXT NOT NULL,
    reason TEXT NOT NULL,
    message TEXT NOT NULL,
    PRIMARY KEY (run, customer_id)
);

CREATE TABLE rejection_classes (
    run TEXT NOT NULL REFERENCES runs (run) ON DELETE CASCADE,
    reason TEXT NOT NULL,
    row_count BIGINT NOT NULL,
    first_customer_id TEXT NOT NULL,
    PRIMARY KEY (run, reason)
);
