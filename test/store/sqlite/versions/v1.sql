-- A database of schema 1, left at 2026-11-28T16:24:21.638Z
pragma auto_vacuum = 2;
CREATE TABLE `sheaf_edges` (
	`job` integer NOT NULL,
	`task` integer NOT NULL,
	`dependant` integer NOT NULL,
	`always` integer NOT NULL,
	PRIMARY KEY(`job`, `task`, `dependant`)
) WITHOUT ROWID;
CREATE TABLE `sheaf_failures` (
	`job` integer NOT NULL,
	`idx` integer NOT NULL,
	`attempt` integer NOT NULL,
	`started_at` integer NOT NULL,
	`finished_at` integer NOT NULL,
	`error` text NOT NULL,
	PRIMARY KEY(`job`, `idx`, `attempt`)
) WITHOUT ROWID;
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
CREATE TABLE `sheaf_keys` (
	`key` text PRIMARY KEY NOT NULL,
	`digest` text,
	`job_id` text NOT NULL,
	`expires_at` integer NOT NULL
) WITHOUT ROWID;
CREATE TABLE `sheaf_labels` (
	`name` text NOT NULL,
	`value` text NOT NULL,
	`job` integer NOT NULL,
	PRIMARY KEY(`name`, `value`, `job`)
) WITHOUT ROWID;
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
CREATE TABLE `sheaf_limits` (
	`name` text PRIMARY KEY NOT NULL,
	`limits` text NOT NULL,
	`paused_at` integer,
	`updated_at` integer NOT NULL
) WITHOUT ROWID;
CREATE TABLE `sheaf_outbox` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`job` text NOT NULL
);
CREATE TABLE `sheaf_owners` (
	`id` text PRIMARY KEY NOT NULL,
	`waiting` integer NOT NULL
) WITHOUT ROWID;
CREATE TABLE `sheaf_purges` (
	`job` integer PRIMARY KEY NOT NULL
);
CREATE TABLE `sheaf_queue_states` (
	`queue` text PRIMARY KEY NOT NULL,
	`state` text NOT NULL
) WITHOUT ROWID;
CREATE TABLE `sheaf_queues` (
	`number` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`name` text NOT NULL,
	`queued` integer NOT NULL,
	`blocked` integer NOT NULL
);
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
CREATE TABLE `sheaf_starts` (
	`queue` text NOT NULL,
	`bucket` integer NOT NULL,
	`count` integer NOT NULL,
	`at` integer,
	PRIMARY KEY(`queue`, `bucket`)
) WITHOUT ROWID;
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
CREATE TABLE sheaf_schema (version integer not null);
CREATE INDEX `sheaf_edges_by_dependant` ON `sheaf_edges` (`job`,`dependant`,`task`,`always`);
CREATE UNIQUE INDEX `sheaf_jobs_by_id` ON `sheaf_jobs` (`id`);
CREATE INDEX `sheaf_jobs_by_state` ON `sheaf_jobs` (`state`,`number`);
CREATE INDEX `sheaf_jobs_by_name` ON `sheaf_jobs` (`name`,`number`) WHERE name is not null;
CREATE INDEX `sheaf_jobs_in_turn` ON `sheaf_jobs` (`pass`,`number`) WHERE ready = 1;
CREATE INDEX `sheaf_jobs_to_start` ON `sheaf_jobs` (`run_at`) WHERE run_at is not null;
CREATE INDEX `sheaf_jobs_by_unique_key` ON `sheaf_jobs` (`unique_key`,`number`) WHERE unique_key is not null;
CREATE INDEX `sheaf_jobs_by_schedule` ON `sheaf_jobs` (`schedule`,`number`) WHERE schedule is not null;
CREATE INDEX `sheaf_jobs_to_stop` ON `sheaf_jobs` (`deadline_at`) WHERE deadline_at is not null and outcome is null;
CREATE INDEX `sheaf_jobs_to_seal` ON `sheaf_jobs` (`seal_at`) WHERE seal_at is not null;
CREATE INDEX `sheaf_jobs_to_expire` ON `sheaf_jobs` (`expires_at`) WHERE expires_at is not null;
CREATE INDEX `sheaf_jobs_to_sweep` ON `sheaf_jobs` (`number`) WHERE (state = 'stopping' or (state = 'paused' and endpoint is not null)) and blocked + queued > 0;
CREATE INDEX `sheaf_jobs_that_are_endpoints` ON `sheaf_jobs` (`id`) WHERE endpoint is not null;
CREATE INDEX `sheaf_keys_to_forget` ON `sheaf_keys` (`expires_at`);
CREATE INDEX `sheaf_labels_by_job` ON `sheaf_labels` (`job`);
CREATE INDEX `sheaf_lanes_in_turn` ON `sheaf_lanes` (`job`,`turn`,`queue`) WHERE ready = 1;
CREATE INDEX `sheaf_lanes_to_wake` ON `sheaf_lanes` (`due_at`) WHERE ready = 0 and parked = 0;
CREATE INDEX `sheaf_lanes_parked` ON `sheaf_lanes` (`queue`,`pass`,`job`) WHERE parked = 1;
CREATE UNIQUE INDEX `sheaf_queues_by_name` ON `sheaf_queues` (`name`);
CREATE INDEX `sheaf_queues_waiting` ON `sheaf_queues` (`name`) WHERE queued + blocked > 0;
CREATE INDEX `sheaf_schedules_due` ON `sheaf_schedules` (`next_at`,`id`) WHERE next_at is not null;
CREATE UNIQUE INDEX `sheaf_tasks_by_key` ON `sheaf_tasks` (`job`,`key`) WHERE key is not null;
CREATE INDEX `sheaf_tasks_blocked` ON `sheaf_tasks` (`job`,`idx`) WHERE state = 0;
CREATE INDEX `sheaf_tasks_due` ON `sheaf_tasks` (`job`,`queue`,`run_at`,`idx`) WHERE state = 1 and rescues < 2;
CREATE INDEX `sheaf_tasks_suspect` ON `sheaf_tasks` (`job`,`run_at`,`idx`) WHERE state = 1 and rescues >= 2;
CREATE INDEX `sheaf_tasks_running` ON `sheaf_tasks` (`job`,`idx`) WHERE state = 2;
CREATE INDEX `sheaf_tasks_missed` ON `sheaf_tasks` (`job`,`state`,`idx`) WHERE state >= 4;
CREATE INDEX `sheaf_tasks_log` ON `sheaf_tasks` (`job`,`seq`) WHERE seq > 0 and state <> 2;
insert into sheaf_edges (job, task, dependant, always) values (2, 0, 3, 0);
insert into sheaf_edges (job, task, dependant, always) values (2, 1, 3, 1);
insert into sheaf_failures (job, idx, attempt, started_at, finished_at, error) values (1, 1, 1, 1795883061529, 1795883061543, '{"code":"handler_failed","message":"It is broken"}');
insert into sheaf_failures (job, idx, attempt, started_at, finished_at, error) values (1, 1, 2, 1795883061543, 1795883061555, '{"code":"handler_failed","message":"It is broken"}');
insert into sheaf_failures (job, idx, attempt, started_at, finished_at, error) values (6, 0, 1, 1795883061601, 1795883061612, '{"code":"connect_failed","message":"No connection to 127.0.0.1:9 could be made (ECONNREFUSED).","details":{"reason":"ECONNREFUSED"}}');
insert into sheaf_jobs (number, id, name, state, mode, tolerate, quorum, outcome, decided_by, error, total, blocked, queued, running, succeeded, failed, cancelled, sealed, seq, concurrency, priority, labels, defaults, template, linked, created_at, started_at, finished_at, timeout_ms, deadline_at, keep_ms, expires_at, idempotency_key, seal_at, seal_timeout_ms, run_at, unique_key, owner, schedule, webhook, endpoint, ready, pass) values (1, '01a222f8-d117-736a-9e47-58cff7a07593', 'ended', 'succeeded', 'allSettled', '0', 1, 'succeeded', NULL, NULL, 2, 0, 0, 0, 1, 1, 0, 1, 9, NULL, 5, '{"team":"growth"}', '{}', NULL, 0, 1795883061529, 1795883061529, 1795883061555, NULL, NULL, 604800000, 1796487861555, 'of-ended', NULL, NULL, NULL, NULL, '', NULL, NULL, NULL, 0, 1512);
insert into sheaf_jobs (number, id, name, state, mode, tolerate, quorum, outcome, decided_by, error, total, blocked, queued, running, succeeded, failed, cancelled, sealed, seq, concurrency, priority, labels, defaults, template, linked, created_at, started_at, finished_at, timeout_ms, deadline_at, keep_ms, expires_at, idempotency_key, seal_at, seal_timeout_ms, run_at, unique_key, owner, schedule, webhook, endpoint, ready, pass) values (2, '01a222f8-d140-71c8-8db8-df37ac87e92e', 'running', 'running', 'all', '0', 1, NULL, NULL, NULL, 4, 1, 1, 2, 0, 0, 0, 1, 3, 2, 7, '{}', '{}', NULL, 1, 1795883061570, 1795883061570, NULL, NULL, NULL, 604800000, NULL, 'of-running', NULL, NULL, NULL, NULL, '', NULL, NULL, NULL, 0, 2232);
insert into sheaf_jobs (number, id, name, state, mode, tolerate, quorum, outcome, decided_by, error, total, blocked, queued, running, succeeded, failed, cancelled, sealed, seq, concurrency, priority, labels, defaults, template, linked, created_at, started_at, finished_at, timeout_ms, deadline_at, keep_ms, expires_at, idempotency_key, seal_at, seal_timeout_ms, run_at, unique_key, owner, schedule, webhook, endpoint, ready, pass) values (3, '01a222f8-d14c-7704-b1f4-219e246da7ec', 'each', 'scheduled', 'allSettled', '0', 1, NULL, NULL, NULL, 3, 0, 3, 0, 0, 0, 0, 1, 1, NULL, 5, '{}', '{}', '{"handler":"echo","input":"{{item}}-{{index}}"}', 0, 1795883061585, NULL, NULL, NULL, NULL, 604800000, NULL, 'of-each', NULL, NULL, 1795886661580, NULL, '', NULL, NULL, NULL, 0, 2232);
insert into sheaf_jobs (number, id, name, state, mode, tolerate, quorum, outcome, decided_by, error, total, blocked, queued, running, succeeded, failed, cancelled, sealed, seq, concurrency, priority, labels, defaults, template, linked, created_at, started_at, finished_at, timeout_ms, deadline_at, keep_ms, expires_at, idempotency_key, seal_at, seal_timeout_ms, run_at, unique_key, owner, schedule, webhook, endpoint, ready, pass) values (4, '01a222f8-d155-70d4-af03-1229901b9ea1', 'paused', 'paused', 'allSettled', '0', 1, NULL, NULL, NULL, 1, 0, 1, 0, 0, 0, 0, 1, 2, NULL, 5, '{}', '{}', NULL, 0, 1795883061590, NULL, NULL, NULL, NULL, 604800000, NULL, 'of-paused', NULL, NULL, NULL, NULL, '', NULL, NULL, NULL, 0, 2232);
insert into sheaf_jobs (number, id, name, state, mode, tolerate, quorum, outcome, decided_by, error, total, blocked, queued, running, succeeded, failed, cancelled, sealed, seq, concurrency, priority, labels, defaults, template, linked, created_at, started_at, finished_at, timeout_ms, deadline_at, keep_ms, expires_at, idempotency_key, seal_at, seal_timeout_ms, run_at, unique_key, owner, schedule, webhook, endpoint, ready, pass) values (5, '01a222f8-d15c-7291-a3a7-ab4287227590', 'told', 'succeeded', 'allSettled', '0', 1, 'succeeded', NULL, NULL, 1, 0, 0, 0, 1, 0, 0, 1, 5, NULL, 5, '{}', '{}', NULL, 0, 1795883061597, 1795883061597, 1795883061601, NULL, NULL, 604800000, 1796487861601, 'of-told', NULL, NULL, NULL, NULL, '', NULL, '{"keepMs":604800000,"endpoint":"ep_a94bb7e849462697b6ee9a325910ac55","url":"http://127.0.0.1:9/hook","queue":"webhook:127.0.0.1:9","events":["job.succeeded","job.failed","job.cancelled"]}', NULL, 0, 2736);
insert into sheaf_jobs (number, id, name, state, mode, tolerate, quorum, outcome, decided_by, error, total, blocked, queued, running, succeeded, failed, cancelled, sealed, seq, concurrency, priority, labels, defaults, template, linked, created_at, started_at, finished_at, timeout_ms, deadline_at, keep_ms, expires_at, idempotency_key, seal_at, seal_timeout_ms, run_at, unique_key, owner, schedule, webhook, endpoint, ready, pass) values (6, 'ep_a94bb7e849462697b6ee9a325910ac55', NULL, 'running', 'allSettled', '0', 1, NULL, NULL, NULL, 1, 0, 1, 0, 0, 0, 0, 0, 3, NULL, 5, '{}', '{}', NULL, 0, 1795883061601, 1795883061601, NULL, NULL, NULL, 604800000, NULL, NULL, NULL, NULL, NULL, NULL, '', NULL, NULL, 'http://127.0.0.1:9/hook', 0, 3240);
insert into sheaf_jobs (number, id, name, state, mode, tolerate, quorum, outcome, decided_by, error, total, blocked, queued, running, succeeded, failed, cancelled, sealed, seq, concurrency, priority, labels, defaults, template, linked, created_at, started_at, finished_at, timeout_ms, deadline_at, keep_ms, expires_at, idempotency_key, seal_at, seal_timeout_ms, run_at, unique_key, owner, schedule, webhook, endpoint, ready, pass) values (7, '01a222f8-d16f-7552-9947-d12248c01e03', 'narrow', 'running', 'allSettled', '0', 1, NULL, NULL, NULL, 2, 0, 2, 0, 0, 0, 0, 1, 1, NULL, 5, '{}', '{}', NULL, 0, 1795883061619, NULL, NULL, NULL, NULL, 604800000, NULL, 'of-narrow', NULL, NULL, NULL, 'only-one', '', NULL, NULL, NULL, 0, 3240);
insert into sheaf_keys (key, digest, job_id, expires_at) values ('of-each', 'f8348b70ece3537495294cd4522f4a7b4e6c81b71b81968a2fd91990598e4c0d', '01a222f8-d14c-7704-b1f4-219e246da7ec', 1795969461585);
insert into sheaf_keys (key, digest, job_id, expires_at) values ('of-ended', '8a837f3c8a2fd44baca7a4ece08aef77a6c4deb42fedc75b638ade598b033927', '01a222f8-d117-736a-9e47-58cff7a07593', 1795969461529);
insert into sheaf_keys (key, digest, job_id, expires_at) values ('of-narrow', '9262b32df7bc5fd47ec1a15e22033ec7ff747a1d513fd44008ec79183d3ad3e7', '01a222f8-d16f-7552-9947-d12248c01e03', 1795969461619);
insert into sheaf_keys (key, digest, job_id, expires_at) values ('of-paused', '5ae78662c825e493c0ec755c40e42fc20d7588491c5fe491c8faea2884fdb9dd', '01a222f8-d155-70d4-af03-1229901b9ea1', 1795969461590);
insert into sheaf_keys (key, digest, job_id, expires_at) values ('of-running', '298ec9b400cc3c96f4ef96173f5409d767915cf28c8d0e34b9b07fa77b3986a3', '01a222f8-d140-71c8-8db8-df37ac87e92e', 1795969461570);
insert into sheaf_keys (key, digest, job_id, expires_at) values ('of-told', 'fe2659b355adab5e3084ddf87e5be2dd5529faa6872507481e3c94e045e52b83', '01a222f8-d15c-7291-a3a7-ab4287227590', 1795969461597);
insert into sheaf_labels (name, value, job) values ('team', 'growth', 1);
insert into sheaf_lanes (job, queue, due_at, ready, parked, turn, pass) values (2, 3, 1795883061570, 1, 0, 3, 720);
insert into sheaf_lanes (job, queue, due_at, ready, parked, turn, pass) values (3, 4, 1795886661580, 0, 0, 0, 0);
insert into sheaf_lanes (job, queue, due_at, ready, parked, turn, pass) values (3, 5, 1795886661580, 0, 0, 0, 0);
insert into sheaf_lanes (job, queue, due_at, ready, parked, turn, pass) values (3, 6, 1795886661580, 0, 0, 0, 0);
insert into sheaf_lanes (job, queue, due_at, ready, parked, turn, pass) values (4, 1, 1795886661589, 0, 0, 0, 0);
insert into sheaf_lanes (job, queue, due_at, ready, parked, turn, pass) values (6, 7, 1795883067827, 0, 0, 0, 0);
insert into sheaf_lanes (job, queue, due_at, ready, parked, turn, pass) values (7, 8, 1795883061619, 0, 1, 0, 0);
insert into sheaf_limits (name, limits, paused_at, updated_at) values ('narrow', '{"paused":true,"rate":{"limit":100,"perMs":1000}}', 1795883061412, 1795883061412);
insert into sheaf_owners (id, waiting) values ('', 9);
insert into sheaf_queues (number, name, queued, blocked) values (1, 'call:echo', 1, 0);
insert into sheaf_queues (number, name, queued, blocked) values (2, 'call:broken', 0, 0);
insert into sheaf_queues (number, name, queued, blocked) values (3, 'line', 1, 1);
insert into sheaf_queues (number, name, queued, blocked) values (4, 'of-x', 1, 0);
insert into sheaf_queues (number, name, queued, blocked) values (5, 'of-y', 1, 0);
insert into sheaf_queues (number, name, queued, blocked) values (6, 'of-z', 1, 0);
insert into sheaf_queues (number, name, queued, blocked) values (7, 'webhook:127.0.0.1:9', 1, 0);
insert into sheaf_queues (number, name, queued, blocked) values (8, 'narrow', 2, 0);
insert into sheaf_schedules (id, name, cron, time_zone, missed, overlap, job, owner, paused_at, next_at, last_at, last_job, last_skip, created_at, updated_at) values ('hourly', NULL, '0 * * * *', 'UTC', 'once', 'allow', '{"name":"hourly","tasks":[{"kind":"call","handler":"echo","input":7}]}', NULL, NULL, 1795885200000, NULL, NULL, NULL, 1795883061490, 1795883061490);
insert into sheaf_tasks (job, idx, state, kind, queue, attempt, failures, rescues, waited_ms, waiting, seq, run_at, started_at, finished_at, key, options, input, output, error) values (1, 0, 3, 'call', 1, 1, 0, 0, 0, 0, 4, 1795883061529, 1795883061529, 1795883061543, 'first', NULL, '{"handler":"echo","input":{"n":1}}', '{"n":1}', NULL);
insert into sheaf_tasks (job, idx, state, kind, queue, attempt, failures, rescues, waited_ms, waiting, seq, run_at, started_at, finished_at, key, options, input, output, error) values (1, 1, 4, 'call', 2, 2, 2, 0, 0, 0, 7, 1795883061540, 1795883061543, 1795883061555, NULL, '{"retry":{"attempts":2,"delayMs":0}}', '{"handler":"broken","input":null}', NULL, '{"code":"handler_failed","message":"It is broken"}');
insert into sheaf_tasks (job, idx, state, kind, queue, attempt, failures, rescues, waited_ms, waiting, seq, run_at, started_at, finished_at, key, options, input, output, error) values (2, 0, 2, 'call', 3, 1, 0, 0, 0, 0, 2, 1795883061570, 1795883061570, NULL, 'a', NULL, '{"handler":"patient","input":1}', NULL, NULL);
insert into sheaf_tasks (job, idx, state, kind, queue, attempt, failures, rescues, waited_ms, waiting, seq, run_at, started_at, finished_at, key, options, input, output, error) values (2, 1, 2, 'call', 3, 1, 0, 0, 0, 0, 3, 1795883061570, 1795883061570, NULL, 'b', NULL, '{"handler":"patient","input":2}', NULL, NULL);
insert into sheaf_tasks (job, idx, state, kind, queue, attempt, failures, rescues, waited_ms, waiting, seq, run_at, started_at, finished_at, key, options, input, output, error) values (2, 2, 1, 'call', 3, 0, 0, 0, 0, 0, 0, 1795883061570, NULL, NULL, NULL, NULL, '{"handler":"echo","input":3}', NULL, NULL);
insert into sheaf_tasks (job, idx, state, kind, queue, attempt, failures, rescues, waited_ms, waiting, seq, run_at, started_at, finished_at, key, options, input, output, error) values (2, 3, 0, 'call', 3, 0, 0, 0, 0, 2, 0, 1795883061570, NULL, NULL, NULL, NULL, '{"handler":"echo","input":"{{tasks.a.output}}"}', NULL, NULL);
insert into sheaf_tasks (job, idx, state, kind, queue, attempt, failures, rescues, waited_ms, waiting, seq, run_at, started_at, finished_at, key, options, input, output, error) values (3, 0, 1, 'call', 4, 0, 0, 0, 0, 0, 0, 1795886661580, NULL, NULL, 'of-x', NULL, '"x"', NULL, NULL);
insert into sheaf_tasks (job, idx, state, kind, queue, attempt, failures, rescues, waited_ms, waiting, seq, run_at, started_at, finished_at, key, options, input, output, error) values (3, 1, 1, 'call', 5, 0, 0, 0, 0, 0, 0, 1795886661580, NULL, NULL, 'of-y', NULL, '"y"', NULL, NULL);
insert into sheaf_tasks (job, idx, state, kind, queue, attempt, failures, rescues, waited_ms, waiting, seq, run_at, started_at, finished_at, key, options, input, output, error) values (3, 2, 1, 'call', 6, 0, 0, 0, 0, 0, 0, 1795886661580, NULL, NULL, 'of-z', NULL, '"z"', NULL, NULL);
insert into sheaf_tasks (job, idx, state, kind, queue, attempt, failures, rescues, waited_ms, waiting, seq, run_at, started_at, finished_at, key, options, input, output, error) values (4, 0, 1, 'call', 1, 0, 0, 0, 0, 0, 0, 1795886661589, NULL, NULL, NULL, NULL, '{"handler":"echo","input":1}', NULL, NULL);
insert into sheaf_tasks (job, idx, state, kind, queue, attempt, failures, rescues, waited_ms, waiting, seq, run_at, started_at, finished_at, key, options, input, output, error) values (5, 0, 3, 'call', 1, 1, 0, 0, 0, 0, 3, 1795883061597, 1795883061597, 1795883061601, NULL, NULL, '{"handler":"echo","input":1}', '1', NULL);
insert into sheaf_tasks (job, idx, state, kind, queue, attempt, failures, rescues, waited_ms, waiting, seq, run_at, started_at, finished_at, key, options, input, output, error) values (6, 0, 1, 'webhook', 7, 1, 1, 0, 0, 0, 3, 1795883067827, 1795883061601, NULL, 'msg_01a222f8d15c7291a3a7ab4287227590_0000000000000005_0', NULL, '{"url":"http://127.0.0.1:9/hook","payload":{"type":"job.succeeded","timestamp":"2026-11-28T16:24:21.601Z","data":{"id":"01a222f8-d15c-7291-a3a7-ab4287227590","name":"told","state":"succeeded","mode":"allSettled","outcome":"succeeded","counts":{"total":1,"blocked":0,"queued":0,"running":0,"succeeded":1,"failed":0,"cancelled":0},"progress":1,"concurrency":null,"priority":5,"labels":{},"sealed":true,"seq":5,"createdAt":"2026-11-28T16:24:21.597Z","startedAt":"2026-11-28T16:24:21.597Z","finishedAt":"2026-11-28T16:24:21.601Z","links":{"job":"/jobs/01a222f8-d15c-7291-a3a7-ab4287227590","results":"/jobs/01a222f8-d15c-7291-a3a7-ab4287227590/results"}}}}', NULL, '{"code":"connect_failed","message":"No connection to 127.0.0.1:9 could be made (ECONNREFUSED).","details":{"reason":"ECONNREFUSED"}}');
insert into sheaf_tasks (job, idx, state, kind, queue, attempt, failures, rescues, waited_ms, waiting, seq, run_at, started_at, finished_at, key, options, input, output, error) values (7, 0, 1, 'call', 8, 0, 0, 0, 0, 0, 0, 1795883061619, NULL, NULL, NULL, NULL, '{"handler":"echo","input":1}', NULL, NULL);
insert into sheaf_tasks (job, idx, state, kind, queue, attempt, failures, rescues, waited_ms, waiting, seq, run_at, started_at, finished_at, key, options, input, output, error) values (7, 1, 1, 'call', 8, 0, 0, 0, 0, 0, 0, 1795883061619, NULL, NULL, NULL, NULL, '{"handler":"echo","input":2}', NULL, NULL);
insert into sheaf_schema (version) values (1);
insert into sqlite_sequence (name, seq) values ('sheaf_jobs', 7);
insert into sqlite_sequence (name, seq) values ('sheaf_queues', 8);
