/** What a server answers, as a status and JSON. */
export interface Answer {
  status: number
  headers: Headers
  body: Record<string, unknown>
}

export const ask = async (url: string, path: string, init?: RequestInit): Promise<Answer> => {
  const response = await fetch(url + path, init)
  const body: Record<string, unknown> = await response.json()
  return { status: response.status, headers: response.headers, body }
}

export const submit = (url: string, job: object): Promise<Answer> =>
  ask(url, '/jobs', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(job),
  })

/** Asks until the answer is as it should be. */
export const until = async (
  url: string,
  path: string,
  isGood: (answer: Answer) => boolean,
): Promise<Answer> => {
  for (;;) {
    const answer = await ask(url, path)
    if (isGood(answer)) return answer
    await Bun.sleep(10)
  }
}

export const unready = (url: string): Promise<Answer> => until(url, '/readyz', ({ status }) => status === 503)
export const ready = (url: string): Promise<Answer> => until(url, '/readyz', ({ status }) => status === 200)

/** The lines of a log that say this, as the objects they are. */
export const linesOf = (text: string, message: string): Record<string, unknown>[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('{') && line.includes(message))
    .map((line): Record<string, unknown> => JSON.parse(line))
