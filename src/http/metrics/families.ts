import type { Family } from './family.ts'
import { processFamilies } from './process.ts'
import { queueFamilies } from './queues.ts'
import { requestFamilies } from './requests.ts'
import { serviceFamilies } from './service.ts'
import { workFamilies } from './work.ts'

/** Every metric, in the order in which it is shown; a test holds the README to it. */
export const families: readonly Family[] = [
  ...workFamilies,
  ...queueFamilies,
  ...serviceFamilies,
  ...requestFamilies,
  ...processFamilies,
]
