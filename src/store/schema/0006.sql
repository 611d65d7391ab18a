-- Version 6. The officers' desk: papers in every version, CAP messages of ours, and orders that are
-- about no sensor.

CREATE TABLE paper (
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  version INTEGER NOT NULL, -- counts from 1
  seq INTEGER NOT NULL,
  officer TEXT,             -- who made this version; NULL for the clock or the engine
  at INTEGER NOT NULL,
  open INTEGER NOT NULL,    -- whether anything can still happen to it
  record TEXT NOT NULL,
  PRIMARY KEY (kind, id, version)
) WITHOUT ROWID;
CREATE INDEX paper_by_commit ON paper (seq);

-- The newest version of each paper.
CREATE TABLE paper_head (
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  version INTEGER NOT NULL,
  open INTEGER NOT NULL,
  PRIMARY KEY (kind, id)
) WITHOUT ROWID;
CREATE INDEX paper_open ON paper_head (kind, id) WHERE open;

CREATE TABLE cap_message (
  pk INTEGER PRIMARY KEY,
  identifier TEXT NOT NULL UNIQUE,
  seq INTEGER NOT NULL,
  alert TEXT NOT NULL,
  bulletin TEXT,
  sent INTEGER NOT NULL,
  expires INTEGER NOT NULL,
  exercise INTEGER NOT NULL,
  hash BLOB NOT NULL,
  xml TEXT NOT NULL
);
CREATE INDEX cap_by_alert ON cap_message (alert, pk);
CREATE INDEX cap_by_expiry ON cap_message (expires);

ALTER TABLE bulletin ADD COLUMN author TEXT NOT NULL DEFAULT 'rule'; -- rule, fuse, officer:{id}

CREATE TABLE officer_order_6 (
  key TEXT PRIMARY KEY,
  nth INTEGER NOT NULL UNIQUE, -- counts upwards: the newest are remembered
  seq INTEGER NOT NULL,
  actor TEXT NOT NULL,
  act TEXT NOT NULL,
  sensor INTEGER REFERENCES sensor, -- NULL where it is about none
  measured_at INTEGER,              -- of an entered reading
  digest BLOB NOT NULL
) WITHOUT ROWID;
INSERT INTO officer_order_6 SELECT key, nth, seq, actor, act, sensor, measured_at, digest FROM officer_order;
DROP TABLE officer_order;
ALTER TABLE officer_order_6 RENAME TO officer_order;
CREATE INDEX officer_order_by_reading ON officer_order (sensor, measured_at) WHERE measured_at IS NOT NULL;
