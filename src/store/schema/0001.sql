-- Version 1. Times are milliseconds since 1970-01-01T00:00:00Z, of the running clock.
-- Values are whole steps: value / 10^sensor.decimals in sensor.unit.

CREATE TABLE config (pk INTEGER PRIMARY KEY, version TEXT NOT NULL UNIQUE);

-- The one row that a commit checks and moves on.
CREATE TABLE door (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  epoch INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  config INTEGER REFERENCES config,
  strays INTEGER NOT NULL,
  ledger_n INTEGER NOT NULL,
  ledger_hash BLOB NOT NULL
);
INSERT INTO door VALUES (1, 0, 0, NULL, 0, 0, zeroblob(32));

CREATE TABLE committed (
  seq INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  config INTEGER NOT NULL REFERENCES config
);

CREATE TABLE sensor (
  pk INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  parameter TEXT NOT NULL,
  unit TEXT NOT NULL,
  decimals INTEGER NOT NULL
);

-- Clustered for "this sensor from then to then". A revision is a further row; nth is the place in its commit.
CREATE TABLE reading (
  sensor INTEGER NOT NULL REFERENCES sensor,
  measured_at INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  nth INTEGER NOT NULL,
  since INTEGER,
  arrived_at INTEGER NOT NULL,
  value INTEGER,
  quality INTEGER NOT NULL, -- 1 good, 2 unchecked, 3 estimated, 4 suspect, 5 rejected, 6 missing
  failed TEXT,              -- the check that made it suspect or rejected
  PRIMARY KEY (sensor, measured_at, seq, nth)
) WITHOUT ROWID;
CREATE UNIQUE INDEX reading_by_commit ON reading (seq, nth);

CREATE TABLE alert_state (key TEXT PRIMARY KEY, seq INTEGER NOT NULL, record TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE episode (
  alert TEXT PRIMARY KEY,
  rule TEXT NOT NULL,
  hazard TEXT NOT NULL,
  subject TEXT NOT NULL,
  zones TEXT NOT NULL,
  level TEXT NOT NULL,
  severity INTEGER NOT NULL,
  severity_max INTEGER NOT NULL,
  began_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  seq INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX episode_by_start ON episode (began_at, alert);
CREATE INDEX episode_open ON episode (began_at, alert) WHERE level <> 'none';

CREATE TABLE transition (
  pk INTEGER PRIMARY KEY,
  seq INTEGER NOT NULL,
  alert TEXT NOT NULL,
  rule TEXT NOT NULL,
  rule_version TEXT NOT NULL,
  hazard TEXT NOT NULL,
  words TEXT NOT NULL,
  subject TEXT NOT NULL,
  zones TEXT NOT NULL,
  level_before TEXT NOT NULL,
  level TEXT NOT NULL,
  severity INTEGER NOT NULL,
  severity_max INTEGER NOT NULL,
  raised INTEGER NOT NULL,
  corroborated INTEGER NOT NULL,
  issue TEXT NOT NULL,
  at INTEGER NOT NULL,
  measured_at INTEGER NOT NULL,
  measure TEXT -- [parameter, value, at least, window in ms, [level, raise, parameter]]; NULL for silence
);
CREATE INDEX transition_by_alert ON transition (alert, pk);
CREATE INDEX transition_by_commit ON transition (seq, pk);

CREATE TABLE evidence (
  transition INTEGER NOT NULL REFERENCES transition,
  nth INTEGER NOT NULL,
  sensor INTEGER NOT NULL REFERENCES sensor,
  parameter TEXT NOT NULL,
  measured_at INTEGER NOT NULL,
  value INTEGER NOT NULL,
  quality INTEGER NOT NULL,
  failed TEXT,
  window_ms INTEGER, -- that the value was taken over
  PRIMARY KEY (transition, nth)
) WITHOUT ROWID;

CREATE TABLE bulletin (
  pk INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  seq INTEGER NOT NULL,
  alert TEXT NOT NULL,
  hazard TEXT NOT NULL,
  act TEXT NOT NULL,
  severity INTEGER NOT NULL,
  severity_max INTEGER NOT NULL,
  zones TEXT NOT NULL,
  at INTEGER NOT NULL,
  automatic INTEGER NOT NULL,
  texts TEXT NOT NULL -- [[lang, title, body], ..]
);
CREATE INDEX bulletin_by_alert ON bulletin (alert, pk);
CREATE INDEX bulletin_by_commit ON bulletin (seq, pk);

CREATE TABLE delivery (
  pk INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  bulletin TEXT NOT NULL,
  hazard TEXT NOT NULL,
  severity INTEGER NOT NULL,
  zone TEXT,
  lang TEXT NOT NULL,
  target TEXT NOT NULL,
  title TEXT NOT NULL,
  body TEXT NOT NULL,
  at INTEGER NOT NULL,
  ended_at INTEGER,
  ended_seq INTEGER,
  tries INTEGER,
  sent INTEGER,
  why TEXT
);
CREATE INDEX delivery_outbox ON delivery (pk) WHERE ended_at IS NULL;
CREATE INDEX delivery_by_bulletin ON delivery (bulletin, pk);
CREATE INDEX delivery_by_end ON delivery (ended_seq, pk) WHERE ended_seq IS NOT NULL;

CREATE TABLE line_event (
  pk INTEGER PRIMARY KEY,
  seq INTEGER NOT NULL,
  line TEXT NOT NULL,
  at INTEGER NOT NULL,
  down TEXT -- what failed; NULL when the line came up
);
CREATE INDEX line_event_by_line ON line_event (line, pk);
CREATE INDEX line_event_by_commit ON line_event (seq, pk);

-- A ring: slot = number % its size. Only the newest are kept; door.strays counts them all.
CREATE TABLE stray (
  slot INTEGER PRIMARY KEY,
  number INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  line TEXT NOT NULL,
  at INTEGER NOT NULL,
  place TEXT NOT NULL,
  why TEXT NOT NULL
);

-- Append-only: hash = sha256(hash before, n, at, length of kind, kind, body); see src/store/ledger.rs.
CREATE TABLE ledger (
  n INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  body TEXT NOT NULL,
  hash BLOB NOT NULL
);
CREATE TRIGGER ledger_is_never_rewritten BEFORE UPDATE ON ledger
  BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER ledger_is_never_shortened BEFORE DELETE ON ledger
  BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
