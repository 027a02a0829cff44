/** An app that answers requests in this process, such as an Elysia instance: for tests without a port. */
export interface LocalApp {
  handle(request: Request): Response | Promise<Response>
}

/** Where the server is. */
export type Address = string | URL

/** Where the server is, or an app in its place; a function is asked for it when it is needed, and again when no server is there. */
export type Target = Address | LocalApp | (() => Address | Promise<Address>)

export const isApp = (target: Target): target is LocalApp =>
  typeof target === 'object' && target !== null && 'handle' in target

/** Where every path begins: no slash at its end. Throws a TypeError for what is neither an http nor an https URL. */
export const baseOf = (address: Address): string => {
  const url = URL.canParse(String(address)) ? new URL(address) : undefined
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:')
    throw new TypeError(`Expected "url" to be an http or https URL, got ${JSON.stringify(String(address))}.`)
  return url.origin + url.pathname.replace(/\/+$/, '')
}
