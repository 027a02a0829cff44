import type { Address } from './address.ts'
import type { Allow, AllowEntry } from './allow.ts'
import { blockedPorts } from './blocked-ports.ts'
import { open, rangeOf } from './range.ts'
import { allowSetting, EgressRefused } from './refused.ts'
import type { Target } from './target.ts'

/**
 * Throws {@link EgressRefused} unless every address may be connected to. One that may not condemns the name, even if
 * others may: a name that is public and private at once is an attack or a mistake, and which it is must not depend on
 * the order of the answer, nor on which address happens to be up.
 */
export const vet = (target: Target, addresses: readonly Address[], allow: Allow): void => {
  const entries = allow.filter(({ port }) => port === undefined || port === target.port)
  if (!target.address && entries.some((entry) => entry.type === 'name' && entry.name === target.name)) return
  const fits = !target.address && entries.some((entry) => isLike(entry, target.name))
  for (const address of addresses) {
    const range = rangeOf(address)
    // Who opens a wide range or all names of a domain hardly means the place where the credentials are.
    const allowed =
      range === 'metadata'
        ? entries.some((entry) => covers(entry, address) && isSingle(entry))
        : fits || entries.some((entry) => covers(entry, address))
    if (allowed) continue
    if (range !== open) throw notPublic(target, address, range)
    if (blockedPorts.has(target.port)) throw blocked(target)
  }
}

const isLike = (entry: AllowEntry, name: string) => entry.type === 'pattern' && name.endsWith(entry.suffix)

const covers = (entry: AllowEntry, address: Address) =>
  entry.type === 'range' && entry.base.kind() === address.kind() && address.match(entry.base, entry.bits)

const isSingle = (entry: AllowEntry) =>
  entry.type === 'range' && entry.bits === (entry.base.kind() === 'ipv4' ? 32 : 128)

const notPublic = (target: Target, address: Address, range: string) => {
  const place = target.address
    ? `The address ${address}`
    : `The address ${address} that ${target.name} resolves to`
  const message = `${place} is not public (${range}), so nothing was sent there. ${remedy(target)}`
  return new EgressRefused(message, { host: target.authority, address: address.toString(), range })
}

const blocked = (target: Target) => {
  const message = `Port ${target.port} of ${target.name} belongs to another protocol than HTTP, so nothing was sent there. ${remedy(target)}`
  return new EgressRefused(message, { host: target.authority })
}

const remedy = (target: Target) => {
  const host = target.address?.kind() === 'ipv6' ? `[${target.address}]` : (target.address ?? target.name)
  return `To allow it, add "${host}:${target.port}" to ${allowSetting}.`
}
