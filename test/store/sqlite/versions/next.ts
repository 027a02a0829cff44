/** A migration that a later version might have: a column more, a table that is made anew, an index. */
export const next = `ALTER TABLE sheaf_jobs ADD COLUMN note text;
--> statement-breakpoint
CREATE TABLE notes (job integer PRIMARY KEY NOT NULL, text text NOT NULL);
--> statement-breakpoint
INSERT INTO notes SELECT number, 'of ' || coalesce(name, '') FROM sheaf_jobs;
--> statement-breakpoint
UPDATE sheaf_jobs SET note = (SELECT text FROM notes WHERE job = number);
--> statement-breakpoint
CREATE INDEX sheaf_jobs_by_note ON sheaf_jobs (note);`

/** Writes far more than SQLite keeps in memory before it commits. */
export const endless = `CREATE TABLE heap (bytes blob);
--> statement-breakpoint
DELETE FROM sheaf_labels;
--> statement-breakpoint
INSERT INTO heap WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT randomblob(1000) FROM n;`

/** Goes wrong at its last statement. */
export const failing = `${next}
--> statement-breakpoint
CREATE UNIQUE INDEX sheaf_jobs_by_mode ON sheaf_jobs (mode);`
