-- Which customer list mirrors which segment: one row for each segment at an ad account, written before the list is created.
CREATE TABLE remote_audiences (
  customer_id TEXT NOT NULL,
  account_id  TEXT NOT NULL,
  -- Resource name of the segment.
  segment     TEXT NOT NULL,
  -- Written into the description of the list: tells ours from one that somebody else has made, also when the answer to its creation was lost.
  marker      TEXT NOT NULL,
  -- Id of the list; null until it is known.
  list_id     TEXT,
  PRIMARY KEY (customer_id, account_id, segment)
);
