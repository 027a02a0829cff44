import type { Selection } from '../job/selection.ts'

export interface SelectionQuery {
  of: Selection
  /** Only jobs past this number. */
  after: number
  /** Only jobs up to this number. */
  upTo?: number | undefined
  /** Only jobs that have not ended. Default false. */
  open?: boolean | undefined
  limit: number
}
