-- Version 2. What was last sent of each episode that is not over, and of each line that is down:
-- the ledger that reasons are computed from.

CREATE TABLE told (
  alert TEXT PRIMARY KEY,
  level TEXT NOT NULL,
  severity INTEGER NOT NULL,
  zones TEXT NOT NULL
) WITHOUT ROWID;
