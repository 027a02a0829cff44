export { type FakeClock, fakeClock } from './testing/clock.ts'
export {
  type Loopback,
  type Received,
  type Responder,
  type Routes,
  startLoopback,
} from './testing/loopback.ts'
export { type SheafMatchers, sheafMatchers } from './testing/matchers.ts'
export { type TestSheaf, type TestSheafOptions, testSheaf } from './testing/sheaf.ts'
