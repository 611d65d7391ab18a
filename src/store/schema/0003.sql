-- Version 3. Whether what stands here is an exercise: 1 or 0; NULL until it is next opened.
-- What an exercise raised must never ease on real phones, nor the other way round.

ALTER TABLE door ADD COLUMN exercise INTEGER;
