import type { FollowEvent } from 'sheaf/client'

type Counts = Extract<FollowEvent, { type: 'tasks' }>['counts']

const width = 30
/** The rate is that of the last so many milliseconds. */
const windowMs = 2_000

/** A progress bar that is drawn from a job's events, over itself on a terminal and now and then a line elsewhere. */
export class Bar {
  #counts: Counts | undefined
  #marks: { at: number; ended: number }[] = []
  #drawnAt = 0

  constructor(
    readonly out: NodeJS.WriteStream,
    readonly now: () => number,
  ) {}

  get ended(): number {
    const counts = this.#counts
    return counts ? counts.succeeded + counts.failed + counts.cancelled : 0
  }

  take(event: FollowEvent): void {
    if (event.type === 'progress') return
    this.#counts = event.type === 'job' ? event.data.counts : event.counts
    const at = this.now()
    this.#marks.push({ at, ended: this.ended })
    while (this.#marks.length > 2 && at - (this.#marks[0]?.at ?? at) > windowMs) this.#marks.shift()
    if (at - this.#drawnAt >= (this.out.isTTY ? 50 : 1_000)) this.draw()
  }

  draw(): void {
    if (!this.#counts) return
    this.#drawnAt = this.now()
    const line = describe(this.#counts, this.ended, this.#rate())
    this.out.write(this.out.isTTY ? `\r\x1b[2K${line}` : `${line}\n`)
  }

  /** Says something between two states of the bar. */
  say(text: string): void {
    this.out.write(this.out.isTTY ? `\r\x1b[2K${text}\n` : `${text}\n`)
    if (this.out.isTTY) this.draw()
  }

  end(): void {
    this.draw()
    if (this.out.isTTY) this.out.write('\n')
  }

  #rate(): number {
    const first = this.#marks[0]
    const last = this.#marks.at(-1)
    if (!first || !last || last.at <= first.at) return 0
    return ((last.ended - first.ended) / (last.at - first.at)) * 1000
  }
}

const describe = (counts: Counts, ended: number, rate: number): string => {
  const filled = Math.round((ended / Math.max(1, counts.total)) * width)
  const left = counts.total - ended
  const eta = rate > 0 ? `${Math.ceil(left / rate)} s left` : 'waiting'
  return [
    `[${'█'.repeat(filled)}${'░'.repeat(width - filled)}]`,
    `${String(ended).padStart(String(counts.total).length)}/${counts.total}`,
    `${rate.toFixed(0)}/s`,
    left === 0 ? 'done' : eta,
    `running ${counts.running}`,
    `failed ${counts.failed}`,
  ].join('  ')
}
