-- Under whose name the run reads data: the export user of its connection as it was when the run was opened (EXP-35).
ALTER TABLE runs ADD COLUMN export_user TEXT NOT NULL DEFAULT '';
