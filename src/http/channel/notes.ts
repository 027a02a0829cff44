/** OpenAPI has no words for a WebSocket, so the channel is told in prose. */
export const channelNotes = `A WebSocket handshake opens the channel. Every message is a JSON object with a \`type\`.

To the server:

- \`{"type":"subscribe","job":"ID","after":0}\`: follow a job. \`after\` is the last \`seq\` that was seen; without it, from now on, with a snapshot.
- \`{"type":"subscribe","job":"ID","states":["failed"],"keys":["a"],"output":false}\`: with filters, each of which may be left out: only tasks in these states, only of these keys, and \`outputBytes\` in place of outputs. What they leave nothing of is not sent, and counts as seen.
- \`{"type":"unsubscribe","job":"ID"}\`
- \`{"type":"subscribe","queues":"http:*"}\`: watch a queue, or those whose names match a pattern; or an array of names and patterns.
- \`{"type":"unsubscribe","queues":"http:*"}\`
- \`{"type":"ping","id":1}\`

From the server (the first four are the schemas JobEvent, TasksEvent, ProgressEvent and QueueEvent below):

- \`{"type":"job","job":"ID","seq":9,"data":{…}}\`: the job, at first and whenever its state changes; the last message of a job has an ended state.
- \`{"type":"tasks","job":"ID","seq":41,"counts":{…},"data":[{"index":3,"state":"succeeded","attempt":1,"seq":40,"output":…}]}\`: the tasks that changed. An output over 16 KiB is left out, and \`outputBytes\` says how long it is.
- \`{"type":"progress","job":"ID","data":[{"index":5,"done":3,"total":10}]}\`: within a task; not replayed.
- \`{"type":"queue","data":{…}}\`: a queue was paused, resumed or throttled, its circuit moved, or its limits changed. First, the queue of an exact name as it stands; of a pattern, the queues that are not \`open\`.
- \`{"type":"error","code":"not_found","message":"…","job":"ID"}\`: a message of yours was refused (with \`queues\` in place of \`job\`, if it was about those); the socket and its other subscriptions go on.
- \`{"type":"pong","id":1}\`

Nothing is sent before it is on disk, and resuming with \`after\` misses nothing. A socket may follow 10,000 jobs and watch 100 names and patterns of queues; a message to the server may be 64 KiB long. A socket that closes with 1012 or 1013 may connect again and resume.`
