import { mount, type Plugin } from './mount.ts'
import { defaultPrefix, readOptions, type SheafOptions } from './options.ts'
import { Running } from './running.ts'

/**
 * Sheaf as an Elysia plugin: its routes under a prefix, and `sheaf` in the context of the app's own. It opens its database when the app
 * starts to listen, or at the first use, and stops when the app does. Used twice with the same prefix and database, it is
 * there once. Throws a ConfigError for an option that cannot be used.
 *
 * What the app does to its own requests (hooks, error handlers, schemas) does nothing to Sheaf's answers, and the other way
 * round; only what the app refuses before, by a hook that it adds before this plugin, does not get here.
 */
export const sheaf = <const Prefix extends string = typeof defaultPrefix>(
  options: SheafOptions<Prefix> = {},
): Plugin<Prefix> => mount(new Running(readOptions(options)), prefixOf(options))

/** As it is typed, the prefix is the default exactly if none is given. */
export const prefixOf = <Prefix extends string>({ prefix }: SheafOptions<Prefix>): Prefix =>
  prefix ?? (defaultPrefix as Prefix)
