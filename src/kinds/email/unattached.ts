import { show } from '../../job/errors.ts'
import type { RunResult } from '../kind.ts'
import { failed, failedForGood } from '../results.ts'
import { mostAttachedBytes } from './input.ts'

/** Why a task has nothing to attach: a word that clients can rely on, and what it says. */
const reasons = {
  not_after: 'this task does not come after it',
  not_succeeded: 'it did not succeed',
  not_saved: 'it saved no body',
  gone: 'the body that it saved is not there any more',
  changed: 'what was read is not the body that it saved',
  unreadable: 'the body that it saved cannot be read',
}

type Reason = keyof typeof reasons

/** What only reading has shown may be otherwise at the next attempt. */
const passing: ReadonlySet<Reason | 'too_large'> = new Set<Reason>(['changed', 'unreadable'])

interface Details {
  reason: Reason | 'too_large'
  /** Which of the attachments it is. */
  attachment?: number
  /** The task as the attachment names it. */
  task?: string | number
}

/** Attachments that cannot be sent; nothing of them has left, or not the end of the message. */
export class AttachmentFailed extends Error {
  override readonly name = 'AttachmentFailed'

  constructor(
    message: string,
    readonly details: Details,
    cause?: unknown,
  ) {
    super(message, { cause })
  }

  get result(): RunResult {
    const end = passing.has(this.details.reason) ? failed : failedForGood
    return end('attachment_failed', this.message, { ...this.details })
  }
}

export const unattached = (
  reason: Reason,
  attachment: number,
  task: string | number,
  cause?: unknown,
): AttachmentFailed => {
  const message = `The file of "attachments[${attachment}]" cannot be had from the task ${show(task)}: ${reasons[reason]}.`
  return new AttachmentFailed(message, { reason, attachment, task }, cause)
}

export const tooLarge = (bytes: number): AttachmentFailed =>
  new AttachmentFailed(`Expected "attachments" of at most ${mostAttachedBytes} bytes in all, got ${bytes}.`, {
    reason: 'too_large',
  })
