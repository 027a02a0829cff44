import type { ClientMessage } from '../../job/commands.ts'
import type { ErrorEvent, FollowEvent, ServerMessage } from '../../job/events.ts'
import { hasEnded } from '../../job/state.ts'
import { SheafError } from '../errors.ts'
import { Buffered } from './buffered.ts'
import { type Filter, sift, union } from './filter.ts'
import { Line, type LineOptions } from './line.ts'
import { Position } from './position.ts'
import { Why, type WhyRefused } from './why.ts'

/** Jobs by what they are called, or by a label that they have (`team:growth`); both hold if both are given. */
export interface Selection {
  name?: string
  label?: string
}

interface SelectionLoopOptions {
  selection: Selection
  /** Undefined where there is no WebSocket. */
  line: (LineOptions & { whyRefused: WhyRefused }) | undefined
  most: number
  filter: Filter
  signal: AbortSignal
}

interface Known {
  readonly position: Position
  ended: boolean
  /** Whether the server has said, since its first message, how far it has come: jobs up to there it does not tell of anew. */
  counted: boolean
}

/**
 * One loop over what happens to the jobs of a selection, those included that do not exist yet. It has a line of its own: an event does
 * not say which subscription it is of, and one of a selection may be further ahead than a loop over that job alone. While too much waits,
 * the server is asked to hold on; then, as after a lost connection, the loop goes on with what it knows.
 */
export class SelectionLoop extends Buffered {
  #jobs = new Map<string, Known>()
  #since: number | undefined
  /** `leaving`: the server was told, and may still be sending what it had begun. */
  #wire: 'off' | 'on' | 'leaving' = 'off'
  #fence = 0
  #line: Line | undefined
  #why: Why | undefined

  constructor(readonly options: SelectionLoopOptions) {
    super(options.signal, options.most)
  }

  protected begin(): void {
    const { line } = this.options
    if (line === undefined) {
      this.fail(
        new SheafError('unsupported', 'A selection is watched over a WebSocket, and there is none here.'),
      )
      return
    }
    this.#why = new Why(line.whyRefused, (error) => this.fail(error))
    this.#line = new Line(line, {
      up: () => this.#enter(),
      down: (opened) => {
        this.#wire = 'off'
        if (!opened) void this.#why?.ask()
      },
      lost: (error) => this.fail(error),
      message: (message) => this.#receive(message),
    })
    this.#line.open()
  }

  protected leave(): void {
    this.#line?.close()
    this.#why?.stop()
    this.#jobs.clear()
  }

  protected emptied(): void {
    if (this.#wire === 'off') this.#enter()
  }

  #enter(): void {
    if (!this.empty || !this.#line?.up) return
    const { selection, filter } = this.options
    const seen = Object.fromEntries([...this.#jobs].map(([job, { position }]) => [job, position.seen ?? 0]))
    const since = this.#since === undefined ? {} : { since: this.#since }
    this.#wire = 'on'
    this.#send({ type: 'subscribe', ...selection, ...since, seen, ...union([filter]) })
  }

  #pause(): void {
    this.#wire = 'leaving'
    this.#fence += 1
    this.#send({ type: 'unsubscribe', ...this.options.selection })
    this.#send({ type: 'ping', id: this.#fence })
  }

  #send(message: ClientMessage): void {
    this.#line?.send(message)
  }

  #receive(message: ServerMessage): void {
    switch (message.type) {
      case 'pong':
        this.#passed(message.id)
        break
      case 'job':
      case 'tasks':
      case 'progress':
        this.#tell(message)
        break
      case 'error':
        this.#refused(message)
        break
      case 'selection':
        this.#count(message.since)
        break
      case 'queue':
        break
      default:
        // A newer server may have more to say.
        message satisfies never
    }
  }

  /** Nothing of the old subscription follows the answer to a ping that was sent after its end. */
  #passed(fence: unknown): void {
    if (this.#wire !== 'leaving' || fence !== this.#fence) return
    this.#wire = 'off'
    this.#enter()
  }

  #tell(event: FollowEvent): void {
    if (this.#wire !== 'on') return
    if (this.full) {
      // Progress is told again soon; nothing else may be lost.
      if (event.type !== 'progress') this.#pause()
      return
    }
    const known = this.#know(event.job)
    const fresh = known.position.take(event)
    const told = fresh && sift(fresh, this.options.filter)
    if (told) this.take(told)
    if (fresh?.type !== 'job') return
    known.ended = hasEnded(fresh.data.state)
    this.#forgetIfOver(event.job, known)
  }

  #count(since: number): void {
    if (this.#wire !== 'on') return
    this.#since = since
    for (const [job, known] of this.#jobs) {
      known.counted = true
      this.#forgetIfOver(job, known)
    }
  }

  /** A job of the selection that was deleted is no reason to end; anything else is. */
  #refused({ code, message, job }: ErrorEvent): void {
    if (job !== undefined && code === 'not_found') this.#jobs.delete(job)
    else if (this.#wire !== 'leaving') this.fail(new SheafError(code, message))
  }

  #know(job: string): Known {
    const known = this.#jobs.get(job) ?? { position: new Position(0), ended: false, counted: false }
    this.#jobs.set(job, known)
    return known
  }

  #forgetIfOver(job: string, { ended, counted }: Known): void {
    if (ended && counted) this.#jobs.delete(job)
  }
}
