/** One message about one job, ready to be sent: serialised once, however many read it. */
export interface Frame {
  type: 'job' | 'tasks' | 'progress'
  job: string
  /** The highest seq in it: where a reader resumes who has seen it. Undefined for progress, which is not replayed. */
  seq: number | undefined
  /** The message as JSON text. */
  text: string
  /** Whether it is the job's last: the job has ended, or was deleted. */
  last: boolean
}
