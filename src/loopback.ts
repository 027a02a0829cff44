/** Whether a host name or address is this machine's own: `localhost`, 127.0.0.0/8, or `::1` (bare or in brackets). */
export const isLoopback = (host: string): boolean => {
  const name = host.toLowerCase()
  return name === 'localhost' || name === '::1' || name === '[::1]' || isLoopbackIPv4(name)
}

/** Only the plain form counts: what a resolver would make of `127.1` or `0x7f000001` is not ours to guess. */
const isLoopbackIPv4 = (name: string): boolean =>
  /^127(\.(0|[1-9]\d{0,2})){3}$/.test(name) && name.split('.').every((part) => Number(part) <= 255)
