/** The bounds of what a client may ask for. Each is named in the message that refuses more. */
export const limits = {
  /** One year: longer than any timer a job should hold. */
  longestMs: 31_536_000_000,
  longestAttemptMs: 86_400_000,
  tasks: 1_000_000,
  attempts: 1_000,
  concurrency: 10_000,
  nameLength: 200,
  keyLength: 200,
  labels: 32,
  urlLength: 8_192,
  headers: 100,
  headerLength: 8_192,
  /** How deep arrays and objects may be nested in a request. */
  depth: 64,
  /** How many items a page of a list may hold. */
  page: 1_000,
} as const
