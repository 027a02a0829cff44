import * as child from './child.ts' with { type: 'text' }

/**
 * The text of child.ts, which the compiler takes for a module. As text it is part of a compiled executable without being
 * named as an entry point, also in an app of someone else's.
 */
export const program = String(Reflect.get(child, 'default'))
