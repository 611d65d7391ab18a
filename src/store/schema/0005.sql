-- Version 5. What officers ordered, by key, so that no order is carried out twice.

CREATE TABLE officer_order (
  key TEXT PRIMARY KEY,
  nth INTEGER NOT NULL UNIQUE, -- counts upwards: the newest are remembered
  seq INTEGER NOT NULL,
  actor TEXT NOT NULL,
  act TEXT NOT NULL,
  sensor INTEGER NOT NULL REFERENCES sensor,
  measured_at INTEGER, -- of an entered reading
  digest BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX officer_order_by_reading ON officer_order (sensor, measured_at) WHERE measured_at IS NOT NULL;
