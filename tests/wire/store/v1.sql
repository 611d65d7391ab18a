-- A data folder as schema version 1 wrote it: a raise, one delivery ended, a revision, a stray.
-- Never edited once version 1 is released: every later version has to read it.
PRAGMA application_id = 1650552684;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE alert_state (key TEXT PRIMARY KEY, seq INTEGER NOT NULL, record TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO "alert_state" VALUES('flood-stage.gauge-0',1,'{"base":{}}');
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
INSERT INTO "bulletin" VALUES(1,'flood-stage.gauge-0.2025-11-16T14:05:00Z.bd1',1,'flood-stage.gauge-0.2025-11-16T14:05:00Z','flood','issued',2,2,'["phu-xuan"]',1763301900000,1,'[["vi","Lũ lên trên báo động 1","…"],["en","River above alarm stage 1","…"]]');
CREATE TABLE committed (
  seq INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  config INTEGER NOT NULL REFERENCES config
);
INSERT INTO "committed" VALUES(1,1763301900000,1,1);
INSERT INTO "committed" VALUES(2,1763301960000,1,1);
INSERT INTO "committed" VALUES(3,1763301902000,1,1);
INSERT INTO "committed" VALUES(4,1763302020000,1,1);
CREATE TABLE config (pk INTEGER PRIMARY KEY, version TEXT NOT NULL UNIQUE);
INSERT INTO "config" VALUES(1,'config-1');
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
INSERT INTO "delivery" VALUES(1,'flood-stage.gauge-0.2025-11-16T14:05:00Z.bd1.Topic { severity_max: Severity(2) }','flood-stage.gauge-0.2025-11-16T14:05:00Z.bd1','flood',2,'phu-xuan','vi','topic:2','Lũ','Mực nước đang lên.',1763301900000,1763301960000,2,2,1,NULL);
INSERT INTO "delivery" VALUES(2,'flood-stage.gauge-0.2025-11-16T14:05:00Z.bd1.Webhook { receiver: "duty-desk" }','flood-stage.gauge-0.2025-11-16T14:05:00Z.bd1','flood',2,NULL,'vi','webhook:duty-desk','Lũ','Mực nước đang lên.',1763301900000,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE door (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  epoch INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  config INTEGER REFERENCES config,
  strays INTEGER NOT NULL,
  ledger_n INTEGER NOT NULL,
  ledger_hash BLOB NOT NULL
);
INSERT INTO "door" VALUES(1,1,4,1,1,4,X'ED5DE6150E692FAE98E944378CCDD3D3A8FF3EBCE8647753ECED9864DAC1A0EE');
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
INSERT INTO "episode" VALUES('flood-stage.gauge-0.2025-11-16T14:05:00Z','flood-stage','flood','gauge-0','["phu-xuan"]','bd1',2,2,1763301900000,1763301900000,1);
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
INSERT INTO "evidence" VALUES(1,0,1,'stage',1763301898000,2010,1,NULL,21600000);
CREATE TABLE ledger (
  n INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  body TEXT NOT NULL,
  hash BLOB NOT NULL
);
INSERT INTO "ledger" VALUES(1,1763301600000,'config','{"version":"config-1","before":null}',X'FF178F81208940E744150422682D958F5E51647F0A7D63D0D49FC60E241FF4C6');
INSERT INTO "ledger" VALUES(2,1763301900000,'transition','{"alert":"flood-stage.gauge-0.2025-11-16T14:05:00Z","rule":"flood-stage","rule_version":"v1","hazard":"flood","words":"flood","subject":"gauge-0","zones":["phu-xuan"],"from":"none","to":"bd1","severity":2,"severity_max":2,"raised":true,"corroborated":true,"issue":"officer_within_ms:600000","measured_at":1763301898000,"measure":"[\"stage\",2010,false,3600000,[\"bd1\",2000,\"stage\"]]","because":[{"sensor":"gauge-0/stage","parameter":"stage","measured_at":1763301898000,"value":2010,"quality":"good","check":null,"window_ms":21600000}]}',X'88C4CF87E8665213BB4B779BFF2CB2EF769FC6912902958E8769FED17A20564B');
INSERT INTO "ledger" VALUES(3,1763301900000,'bulletin','{"bulletin":"flood-stage.gauge-0.2025-11-16T14:05:00Z.bd1","alert":"flood-stage.gauge-0.2025-11-16T14:05:00Z","hazard":"flood","act":"issued","severity":2,"severity_max":2,"zones":["phu-xuan"],"automatic":true,"texts":[["vi","Lũ lên trên báo động 1","…"],["en","River above alarm stage 1","…"]]}',X'A8FAEF1D97ACCBB2B534C8306E57E05AF7A4182E5F0798AD147B24E56E75D976');
INSERT INTO "ledger" VALUES(4,1763301960000,'delivery','{"delivery":"flood-stage.gauge-0.2025-11-16T14:05:00Z.bd1.Topic { severity_max: Severity(2) }","tries":2,"end":"sent"}',X'ED5DE6150E692FAE98E944378CCDD3D3A8FF3EBCE8647753ECED9864DAC1A0EE');
CREATE TABLE line_event (
  pk INTEGER PRIMARY KEY,
  seq INTEGER NOT NULL,
  line TEXT NOT NULL,
  at INTEGER NOT NULL,
  down TEXT -- what failed; NULL when the line came up
);
INSERT INTO "line_event" VALUES(1,1,'gateway-upper',1763301900000,'không trả lời trong 3 s');
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
INSERT INTO "reading" VALUES(1,1763301900000,1,0,NULL,1763301902000,2010,1,NULL);
INSERT INTO "reading" VALUES(1,1763301900000,3,0,NULL,1763301902000,2030,1,NULL);
INSERT INTO "reading" VALUES(2,1763301960000,3,1,NULL,1763301962000,410,1,NULL);
CREATE TABLE sensor (
  pk INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  parameter TEXT NOT NULL,
  unit TEXT NOT NULL,
  decimals INTEGER NOT NULL
);
INSERT INTO "sensor" VALUES(1,'gauge-0/stage','stage','m',3);
INSERT INTO "sensor" VALUES(2,'gauge-1/stage','stage','m',3);
CREATE TABLE stray (
  slot INTEGER PRIMARY KEY,
  number INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  line TEXT NOT NULL,
  at INTEGER NOT NULL,
  place TEXT NOT NULL,
  why TEXT NOT NULL
);
INSERT INTO "stray" VALUES(1,1,4,'broker',1763302020000,'hue/7','no JSON');
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
INSERT INTO "transition" VALUES(1,1,'flood-stage.gauge-0.2025-11-16T14:05:00Z','flood-stage','v1','flood','flood','gauge-0','["phu-xuan"]','none','bd1',2,2,1,1,'officer_within_ms:600000',1763301900000,1763301898000,'["stage",2010,false,3600000,["bd1",2000,"stage"]]');
CREATE UNIQUE INDEX reading_by_commit ON reading (seq, nth);
CREATE INDEX episode_by_start ON episode (began_at, alert);
CREATE INDEX episode_open ON episode (began_at, alert) WHERE level <> 'none';
CREATE INDEX transition_by_alert ON transition (alert, pk);
CREATE INDEX transition_by_commit ON transition (seq, pk);
CREATE INDEX bulletin_by_alert ON bulletin (alert, pk);
CREATE INDEX bulletin_by_commit ON bulletin (seq, pk);
CREATE INDEX delivery_outbox ON delivery (pk) WHERE ended_at IS NULL;
CREATE INDEX delivery_by_bulletin ON delivery (bulletin, pk);
CREATE INDEX delivery_by_end ON delivery (ended_seq, pk) WHERE ended_seq IS NOT NULL;
CREATE INDEX line_event_by_line ON line_event (line, pk);
CREATE INDEX line_event_by_commit ON line_event (seq, pk);
CREATE TRIGGER ledger_is_never_rewritten BEFORE UPDATE ON ledger
  BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER ledger_is_never_shortened BEFORE DELETE ON ledger
  BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
COMMIT;
