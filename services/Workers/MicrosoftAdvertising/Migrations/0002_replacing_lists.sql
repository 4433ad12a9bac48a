-- Whose ledger tells who stands in the list: the export and the account of its connection. Null for lists made before this was written down.
ALTER TABLE remote_audiences ADD COLUMN ledger TEXT;

-- 1 while the list may hold others than the ledger says: taken over, made anew, or filled under another ledger. Everybody has to be replaced.
ALTER TABLE remote_audiences ADD COLUMN must_replace SMALLINT NOT NULL DEFAULT 0;

-- Finds out whether a list mirrors another segment already.
CREATE INDEX remote_audiences_list ON remote_audiences (list_id);
