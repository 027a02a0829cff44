import { lookup } from 'node:dns/promises'

/** The addresses of a host name, in the order in which they should be tried. Rejects when there are none. */
export type Resolve = (name: string) => Promise<readonly string[]>

/** Asks as every program of this machine does: /etc/hosts, search domains and all. */
export const systemResolve: Resolve = async (name) => {
  const found = await lookup(name, { all: true })
  return found.map(({ address }) => address)
}

/** localhost, and all names below it, are this machine, and no resolver is asked (RFC 6761, section 6.3). */
export const isLocal = (name: string): boolean => name === 'localhost' || name.endsWith('.localhost')
export const localAddresses: readonly string[] = ['127.0.0.1', '::1']
