import { type ErrorCode, errorCodes } from '../job/errors.ts'
import type { RunResult } from './kind.ts'

/** `output` must be JSON text. */
export const succeeded = (output: string): RunResult => ({ type: 'succeeded', output })

/** A failure that another attempt may mend. */
export const failed = (code: ErrorCode, message: string, details?: Record<string, unknown>): RunResult => ({
  type: 'failed',
  error: { code, message, ...(details && { details }) },
  retryable: true,
})

/** A failure that would be the same on every attempt. */
export const failedForGood = (
  code: ErrorCode,
  message: string,
  details?: Record<string, unknown>,
): RunResult => ({ type: 'failed', error: { code, message, ...(details && { details }) }, retryable: false })

/** What a run returns when its signal was aborted. Nobody reads it: who aborted has decided how the attempt ended. */
export const aborted: RunResult = failedForGood('cancelled', errorCodes.cancelled)
