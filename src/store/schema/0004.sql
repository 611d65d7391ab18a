-- Version 4. Doubts that sensors raise against each other, and warnings whose reasons were doubted
-- after they were given.

-- Every case of a sensor that is still of use, in order; a commit that changes one replaces them all.
CREATE TABLE suspicion (
  sensor INTEGER NOT NULL REFERENCES sensor,
  nth INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  failed TEXT NOT NULL,      -- the check
  since INTEGER NOT NULL,    -- readings measured after this are doubtful
  until INTEGER,             -- and after this no longer; NULL while it lasts
  shown_at INTEGER NOT NULL, -- the event time at which it showed
  ended_at INTEGER,          -- the event time at which it showed to be over; NULL where a person ended it
  own INTEGER NOT NULL,      -- what the sensor itself measured in the window, then what the others did
  least INTEGER NOT NULL,
  most INTEGER NOT NULL,
  window_ms INTEGER NOT NULL,
  PRIMARY KEY (sensor, nth)
) WITHOUT ROWID;

CREATE TABLE evidence_revised (
  pk INTEGER PRIMARY KEY,
  seq INTEGER NOT NULL,
  alert TEXT NOT NULL,
  at INTEGER NOT NULL,
  sensor INTEGER NOT NULL REFERENCES sensor,
  measured_at INTEGER NOT NULL,
  value INTEGER,
  quality INTEGER NOT NULL,
  failed TEXT
);
CREATE INDEX evidence_revised_by_alert ON evidence_revised (alert, pk);
CREATE INDEX evidence_revised_by_commit ON evidence_revised (seq, pk);
