/**
 * What makes an empty file the database of this version, one step a version; a step that was ever released does
 * not change. `PRAGMA user_version` counts the steps that were taken.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE builds (
    build_id TEXT NOT NULL PRIMARY KEY,
    builder TEXT NOT NULL,
    version INTEGER NOT NULL,
    open INTEGER NOT NULL CHECK (open IN (0, 1)),
    document TEXT NOT NULL
  ) STRICT;
  CREATE INDEX builds_of_builder ON builds (builder, build_id);
  CREATE INDEX builds_open ON builds (build_id) WHERE open = 1;

  CREATE TABLE builders (
    builder TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    document TEXT NOT NULL
  ) STRICT;

  -- The tags of objects. A row is pending from before its file gets its name until after.
  CREATE TABLE objects (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL,
    pending INTEGER NOT NULL CHECK (pending IN (0, 1)),
    digest TEXT NOT NULL,
    size INTEGER NOT NULL,
    kind TEXT NOT NULL,
    builder TEXT NOT NULL,
    build TEXT NOT NULL,
    retention TEXT NOT NULL,
    written_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX objects_by_key ON objects (key);
  CREATE UNIQUE INDEX objects_confirmed ON objects (key) WHERE pending = 0;
  CREATE INDEX objects_pending ON objects (written_at) WHERE pending = 1;
  `,
  `
  CREATE TABLE variants (
    variant_id TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    document TEXT NOT NULL
  ) STRICT;

  CREATE TABLE request_tokens (
    token_id TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    expires_at TEXT NOT NULL,
    document TEXT NOT NULL
  ) STRICT;
  CREATE INDEX request_tokens_by_expiry ON request_tokens (expires_at);

  CREATE TABLE stray_events (
    event_id TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    document TEXT NOT NULL
  ) STRICT;

  -- What builds have been given since, as those that are there already would have it.
  UPDATE builds SET document = json_set(document,
    '$.only_if_changed', coalesce(json_extract(document, '$.only_if_changed'), json('null')),
    '$.joined', json('[]'),
    '$.decision', CASE WHEN json_type(document, '$.decision') = 'object'
      THEN json_set(json_extract(document, '$.decision'), '$.unchanged', json('null')) ELSE json('null') END,
    '$.attempts', (
      SELECT json_group_array(json_set(attempt.value, '$.time_limit', 3750000, '$.unless', json('null'), '$.expired_at', json('null')) ORDER BY attempt.key)
      FROM json_each(document, '$.attempts') AS attempt));
  `,
  `
  CREATE TABLE channels (
    channel_id TEXT NOT NULL PRIMARY KEY,
    builder TEXT NOT NULL,
    channel TEXT NOT NULL,
    version INTEGER NOT NULL,
    document TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX channels_of_builder ON channels (builder, channel);
  `,
  `
  -- Times are milliseconds since 1970.
  CREATE TABLE schedules (
    builder TEXT NOT NULL PRIMARY KEY,
    expression TEXT NOT NULL,
    origin INTEGER NOT NULL,
    settled INTEGER NOT NULL
  ) STRICT;
  `,
  `
  -- What was deleted at the end of its time. A row is pending from before its file is removed until after.
  CREATE TABLE deletions (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL,
    pending INTEGER NOT NULL CHECK (pending IN (0, 1)),
    digest TEXT NOT NULL,
    size INTEGER NOT NULL,
    kind TEXT NOT NULL,
    builder TEXT NOT NULL,
    build TEXT NOT NULL,
    retention TEXT NOT NULL,
    policy_digest TEXT NOT NULL,
    deleted_at TEXT NOT NULL,
    deleted_by TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX deletions_pending ON deletions (key) WHERE pending = 1;
  `,
];
