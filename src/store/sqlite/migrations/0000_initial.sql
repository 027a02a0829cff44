CREATE TABLE `edges` (
	`job` integer NOT NULL,
	`task` integer NOT NULL,
	`dependant` integer NOT NULL,
	`always` integer NOT NULL,
	PRIMARY KEY(`job`, `task`, `dependant`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `edges_by_dependant` ON `edges` (`job`,`dependant`,`task`,`always`);--> statement-breakpoint
CREATE TABLE `failures` (
	`job` integer NOT NULL,
	`idx` integer NOT NULL,
	`attempt` integer NOT NULL,
	`started_at` integer NOT NULL,
	`finished_at` integer NOT NULL,
	`error` text NOT NULL,
	PRIMARY KEY(`job`, `idx`, `attempt`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `jobs` (
	`number` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`id` text NOT NULL,
	`name` text,
	`state` text NOT NULL,
	`mode` text NOT NULL,
	`tolerate` text NOT NULL,
	`quorum` integer NOT NULL,
	`outcome` text,
	`decided_by` integer,
	`error` text,
	`total` integer NOT NULL,
	`blocked` integer NOT NULL,
	`queued` integer NOT NULL,
	`running` integer NOT NULL,
	`succeeded` integer NOT NULL,
	`failed` integer NOT NULL,
	`cancelled` integer NOT NULL,
	`sealed` integer NOT NULL,
	`seq` integer NOT NULL,
	`concurrency` integer,
	`priority` integer NOT NULL,
	`labels` text NOT NULL,
	`defaults` text NOT NULL,
	`template` text,
	`linked` integer NOT NULL,
	`created_at` integer NOT NULL,
	`started_at` integer,
	`finished_at` integer,
	`timeout_ms` integer,
	`deadline_at` integer,
	`keep_ms` integer,
	`expires_at` integer,
	`idempotency_key` text,
	`seal_at` integer,
	`seal_timeout_ms` integer,
	`run_at` integer,
	`unique_key` text,
	`owner` text NOT NULL,
	`schedule` text,
	`webhook` text,
	`endpoint` text,
	`ready` integer NOT NULL,
	`pass` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `jobs_by_id` ON `jobs` (`id`);--> statement-breakpoint
CREATE INDEX `jobs_by_state` ON `jobs` (`state`,`number`);--> statement-breakpoint
CREATE INDEX `jobs_by_name` ON `jobs` (`name`,`number`) WHERE name is not null;--> statement-breakpoint
CREATE INDEX `jobs_in_turn` ON `jobs` (`pass`,`number`) WHERE ready = 1;--> statement-breakpoint
CREATE INDEX `jobs_to_start` ON `jobs` (`run_at`) WHERE run_at is not null;--> statement-breakpoint
CREATE INDEX `jobs_by_unique_key` ON `jobs` (`unique_key`,`number`) WHERE unique_key is not null;--> statement-breakpoint
CREATE INDEX `jobs_by_schedule` ON `jobs` (`schedule`,`number`) WHERE schedule is not null;--> statement-breakpoint
CREATE INDEX `jobs_to_stop` ON `jobs` (`deadline_at`) WHERE deadline_at is not null and outcome is null;--> statement-breakpoint
CREATE INDEX `jobs_to_seal` ON `jobs` (`seal_at`) WHERE seal_at is not null;--> statement-breakpoint
CREATE INDEX `jobs_to_expire` ON `jobs` (`expires_at`) WHERE expires_at is not null;--> statement-breakpoint
CREATE INDEX `jobs_to_sweep` ON `jobs` (`number`) WHERE (state = 'stopping' or (state = 'paused' and endpoint is not null)) and blocked + queued > 0;--> statement-breakpoint
CREATE INDEX `jobs_that_are_endpoints` ON `jobs` (`id`) WHERE endpoint is not null;--> statement-breakpoint
CREATE TABLE `keys` (
	`key` text PRIMARY KEY NOT NULL,
	`digest` text,
	`job_id` text NOT NULL,
	`expires_at` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `keys_to_forget` ON `keys` (`expires_at`);--> statement-breakpoint
CREATE TABLE `labels` (
	`name` text NOT NULL,
	`value` text NOT NULL,
	`job` integer NOT NULL,
	PRIMARY KEY(`name`, `value`, `job`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `labels_by_job` ON `labels` (`job`);--> statement-breakpoint
CREATE TABLE `lanes` (
	`job` integer NOT NULL,
	`queue` integer NOT NULL,
	`due_at` integer NOT NULL,
	`ready` integer NOT NULL,
	`parked` integer NOT NULL,
	`turn` integer NOT NULL,
	`pass` integer NOT NULL,
	PRIMARY KEY(`job`, `queue`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `lanes_in_turn` ON `lanes` (`job`,`turn`,`queue`) WHERE ready = 1;--> statement-breakpoint
CREATE INDEX `lanes_to_wake` ON `lanes` (`due_at`) WHERE ready = 0 and parked = 0;--> statement-breakpoint
CREATE INDEX `lanes_parked` ON `lanes` (`queue`,`pass`,`job`) WHERE parked = 1;--> statement-breakpoint
CREATE TABLE `limits` (
	`name` text PRIMARY KEY NOT NULL,
	`limits` text NOT NULL,
	`paused_at` integer,
	`updated_at` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `owners` (
	`id` text PRIMARY KEY NOT NULL,
	`waiting` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `purges` (
	`job` integer PRIMARY KEY NOT NULL
);
--> statement-breakpoint
CREATE TABLE `queue_states` (
	`queue` text PRIMARY KEY NOT NULL,
	`state` text NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `queues` (
	`number` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`name` text NOT NULL,
	`queued` integer NOT NULL,
	`blocked` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `queues_by_name` ON `queues` (`name`);--> statement-breakpoint
CREATE INDEX `queues_waiting` ON `queues` (`name`) WHERE queued + blocked > 0;--> statement-breakpoint
CREATE TABLE `schedules` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text,
	`cron` text NOT NULL,
	`time_zone` text NOT NULL,
	`missed` text NOT NULL,
	`overlap` text NOT NULL,
	`job` text NOT NULL,
	`owner` text,
	`paused_at` integer,
	`next_at` integer,
	`last_at` integer,
	`last_job` text,
	`last_skip` text,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `schedules_due` ON `schedules` (`next_at`,`id`) WHERE next_at is not null;--> statement-breakpoint
CREATE TABLE `starts` (
	`queue` text NOT NULL,
	`bucket` integer NOT NULL,
	`count` integer NOT NULL,
	`at` integer,
	PRIMARY KEY(`queue`, `bucket`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `tasks` (
	`job` integer NOT NULL,
	`idx` integer NOT NULL,
	`state` integer NOT NULL,
	`kind` text NOT NULL,
	`queue` integer NOT NULL,
	`attempt` integer NOT NULL,
	`failures` integer NOT NULL,
	`rescues` integer NOT NULL,
	`waited_ms` integer NOT NULL,
	`waiting` integer NOT NULL,
	`seq` integer NOT NULL,
	`run_at` integer NOT NULL,
	`started_at` integer,
	`finished_at` integer,
	`key` text,
	`options` text,
	`input` text NOT NULL,
	`output` text,
	`error` text,
	PRIMARY KEY(`job`, `idx`)
);
--> statement-breakpoint
CREATE UNIQUE INDEX `tasks_by_key` ON `tasks` (`job`,`key`) WHERE key is not null;--> statement-breakpoint
CREATE INDEX `tasks_blocked` ON `tasks` (`job`,`idx`) WHERE state = 0;--> statement-breakpoint
CREATE INDEX `tasks_due` ON `tasks` (`job`,`queue`,`run_at`,`idx`) WHERE state = 1 and rescues < 2;--> statement-breakpoint
CREATE INDEX `tasks_suspect` ON `tasks` (`job`,`run_at`,`idx`) WHERE state = 1 and rescues >= 2;--> statement-breakpoint
CREATE INDEX `tasks_running` ON `tasks` (`job`,`idx`) WHERE state = 2;--> statement-breakpoint
CREATE INDEX `tasks_missed` ON `tasks` (`job`,`state`,`idx`) WHERE state >= 4;--> statement-breakpoint
CREATE INDEX `tasks_log` ON `tasks` (`job`,`seq`) WHERE seq > 0 and state <> 2;