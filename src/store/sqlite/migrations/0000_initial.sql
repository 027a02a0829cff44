CREATE TABLE `sheaf_edges` (
	`job` integer NOT NULL,
	`task` integer NOT NULL,
	`dependant` integer NOT NULL,
	`always` integer NOT NULL,
	PRIMARY KEY(`job`, `task`, `dependant`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `sheaf_edges_by_dependant` ON `sheaf_edges` (`job`,`dependant`,`task`,`always`);--> statement-breakpoint
CREATE TABLE `sheaf_failures` (
	`job` integer NOT NULL,
	`idx` integer NOT NULL,
	`attempt` integer NOT NULL,
	`started_at` integer NOT NULL,
	`finished_at` integer NOT NULL,
	`error` text NOT NULL,
	PRIMARY KEY(`job`, `idx`, `attempt`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `sheaf_jobs` (
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
CREATE UNIQUE INDEX `sheaf_jobs_by_id` ON `sheaf_jobs` (`id`);--> statement-breakpoint
CREATE INDEX `sheaf_jobs_by_state` ON `sheaf_jobs` (`state`,`number`);--> statement-breakpoint
CREATE INDEX `sheaf_jobs_by_name` ON `sheaf_jobs` (`name`,`number`) WHERE name is not null;--> statement-breakpoint
CREATE INDEX `sheaf_jobs_in_turn` ON `sheaf_jobs` (`pass`,`number`) WHERE ready = 1;--> statement-breakpoint
CREATE INDEX `sheaf_jobs_to_start` ON `sheaf_jobs` (`run_at`) WHERE run_at is not null;--> statement-breakpoint
CREATE INDEX `sheaf_jobs_by_unique_key` ON `sheaf_jobs` (`unique_key`,`number`) WHERE unique_key is not null;--> statement-breakpoint
CREATE INDEX `sheaf_jobs_by_schedule` ON `sheaf_jobs` (`schedule`,`number`) WHERE schedule is not null;--> statement-breakpoint
CREATE INDEX `sheaf_jobs_to_stop` ON `sheaf_jobs` (`deadline_at`) WHERE deadline_at is not null and outcome is null;--> statement-breakpoint
CREATE INDEX `sheaf_jobs_to_seal` ON `sheaf_jobs` (`seal_at`) WHERE seal_at is not null;--> statement-breakpoint
CREATE INDEX `sheaf_jobs_to_expire` ON `sheaf_jobs` (`expires_at`) WHERE expires_at is not null;--> statement-breakpoint
CREATE INDEX `sheaf_jobs_to_sweep` ON `sheaf_jobs` (`number`) WHERE (state = 'stopping' or (state = 'paused' and endpoint is not null)) and blocked + queued > 0;--> statement-breakpoint
CREATE INDEX `sheaf_jobs_that_are_endpoints` ON `sheaf_jobs` (`id`) WHERE endpoint is not null;--> statement-breakpoint
CREATE TABLE `sheaf_keys` (
	`key` text PRIMARY KEY NOT NULL,
	`digest` text,
	`job_id` text NOT NULL,
	`expires_at` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `sheaf_keys_to_forget` ON `sheaf_keys` (`expires_at`);--> statement-breakpoint
CREATE TABLE `sheaf_labels` (
	`name` text NOT NULL,
	`value` text NOT NULL,
	`job` integer NOT NULL,
	PRIMARY KEY(`name`, `value`, `job`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `sheaf_labels_by_job` ON `sheaf_labels` (`job`);--> statement-breakpoint
CREATE TABLE `sheaf_lanes` (
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
CREATE INDEX `sheaf_lanes_in_turn` ON `sheaf_lanes` (`job`,`turn`,`queue`) WHERE ready = 1;--> statement-breakpoint
CREATE INDEX `sheaf_lanes_to_wake` ON `sheaf_lanes` (`due_at`) WHERE ready = 0 and parked = 0;--> statement-breakpoint
CREATE INDEX `sheaf_lanes_parked` ON `sheaf_lanes` (`queue`,`pass`,`job`) WHERE parked = 1;--> statement-breakpoint
CREATE TABLE `sheaf_limits` (
	`name` text PRIMARY KEY NOT NULL,
	`limits` text NOT NULL,
	`paused_at` integer,
	`updated_at` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `sheaf_outbox` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`job` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `sheaf_owners` (
	`id` text PRIMARY KEY NOT NULL,
	`waiting` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `sheaf_purges` (
	`job` integer PRIMARY KEY NOT NULL
);
--> statement-breakpoint
CREATE TABLE `sheaf_queue_states` (
	`queue` text PRIMARY KEY NOT NULL,
	`state` text NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `sheaf_queues` (
	`number` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`name` text NOT NULL,
	`queued` integer NOT NULL,
	`blocked` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `sheaf_queues_by_name` ON `sheaf_queues` (`name`);--> statement-breakpoint
CREATE INDEX `sheaf_queues_waiting` ON `sheaf_queues` (`name`) WHERE queued + blocked > 0;--> statement-breakpoint
CREATE TABLE `sheaf_schedules` (
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
CREATE INDEX `sheaf_schedules_due` ON `sheaf_schedules` (`next_at`,`id`) WHERE next_at is not null;--> statement-breakpoint
CREATE TABLE `sheaf_starts` (
	`queue` text NOT NULL,
	`bucket` integer NOT NULL,
	`count` integer NOT NULL,
	`at` integer,
	PRIMARY KEY(`queue`, `bucket`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `sheaf_tasks` (
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
CREATE UNIQUE INDEX `sheaf_tasks_by_key` ON `sheaf_tasks` (`job`,`key`) WHERE key is not null;--> statement-breakpoint
CREATE INDEX `sheaf_tasks_blocked` ON `sheaf_tasks` (`job`,`idx`) WHERE state = 0;--> statement-breakpoint
CREATE INDEX `sheaf_tasks_due` ON `sheaf_tasks` (`job`,`queue`,`run_at`,`idx`) WHERE state = 1 and rescues < 2;--> statement-breakpoint
CREATE INDEX `sheaf_tasks_suspect` ON `sheaf_tasks` (`job`,`run_at`,`idx`) WHERE state = 1 and rescues >= 2;--> statement-breakpoint
CREATE INDEX `sheaf_tasks_running` ON `sheaf_tasks` (`job`,`idx`) WHERE state = 2;--> statement-breakpoint
CREATE INDEX `sheaf_tasks_missed` ON `sheaf_tasks` (`job`,`state`,`idx`) WHERE state >= 4;--> statement-breakpoint
CREATE INDEX `sheaf_tasks_log` ON `sheaf_tasks` (`job`,`seq`) WHERE seq > 0 and state <> 2;