import { run } from './program.ts'

Reflect.set(globalThis, 'run', run)
