import type { JobView, TaskView } from '../../src/job/wire.ts'

/** The REST interface of a node, as the suite uses it. */
export class Api {
  constructor(readonly url: () => string) {}

  async submit(body: object): Promise<JobView> {
    const response = await this.#send('POST', '/jobs', body)
    if (response.status !== 202) throw new Error(`A job was refused: ${await response.text()}`)
    return response.json()
  }

  /** Does something to a job, or to its tasks; returns the status. */
  async act(method: 'POST' | 'DELETE', path: string, body?: object): Promise<number> {
    const response = await this.#send(method, path, body)
    await response.arrayBuffer()
    return response.status
  }

  async job(id: string): Promise<JobView | undefined> {
    const response = await this.#send('GET', `/jobs/${id}`)
    if (response.status === 404) return undefined
    if (!response.ok) throw new Error(`A job could not be read: ${await response.text()}`)
    return response.json()
  }

  async tasks(id: string): Promise<TaskView[]> {
    const tasks: TaskView[] = []
    let next: string | null = ''
    do {
      const cursor: string = next === '' ? '' : `&cursor=${next}`
      const response = await this.#send('GET', `/jobs/${id}/tasks?limit=500${cursor}`)
      if (!response.ok) return tasks
      const page: { data: TaskView[]; next: string | null } = await response.json()
      tasks.push(...page.data)
      next = page.next
    } while (next !== null)
    return tasks
  }

  /** Waits for the end of a job. */
  async ended(id: string): Promise<void> {
    const response = await this.#send('GET', `/jobs/${id}/results?wait=30`)
    await response.arrayBuffer()
    if (response.status === 409)
      throw new Error(`Job ${id} does not end: ${JSON.stringify(await this.job(id))}`)
  }

  #send(method: string, path: string, body?: object): Promise<Response> {
    return fetch(this.url() + path, {
      method,
      ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    })
  }
}
