import type { Exit } from '../support/process.ts'
import type { Lives } from './lives.ts'
import type { Moment } from './moments.ts'
import type { Pulse } from './pulse.ts'

/** Ends servers at the moments that were drawn. */
export class Dying {
  constructor(
    readonly lives: Lives,
    readonly pulse: Pulse,
    /** How many tasks have yet to end. */
    readonly open: () => number,
  ) {}

  /** Waits for the moment; resolves with how the server ended, and with nothing when it goes on. */
  async at(moment: Moment): Promise<Exit | undefined> {
    switch (moment.while) {
      case 'passing':
        return this.lives.passing(moment.failpoint, moment.times)
      case 'starting': {
        const ready = this.lives.start(() => this.pulse.beat('knock'))
        // A server that is quicker than that is killed as soon as it is ready.
        await Promise.race([ready, this.pulse.next({ name: 'knock', count: moment.knocks })])
        return this.lives.end('SIGKILL')
      }
      case 'running': {
        await this.lives.start()
        const ends = { name: 'end', count: Math.max(1, Math.ceil(this.open() * moment.share)) } as const
        await this.pulse.next(ends, ...(moment.or ? [moment.or] : []))
        return this.#by(moment.by)
      }
      default:
        return moment satisfies never
    }
  }

  async #by(way: (Moment & { while: 'running' })['by']): Promise<Exit | undefined> {
    switch (way) {
      case 'kill':
        return this.lives.end('SIGKILL')
      case 'stop':
        return this.lives.end('SIGTERM')
      case 'both': {
        this.lives.signal('SIGTERM')
        await Promise.race([this.pulse.next({ name: 'end', count: 1 }), this.lives.ended])
        return this.lives.end('SIGKILL')
      }
      case 'freeze':
        return undefined
      default:
        return way satisfies never
    }
  }
}
