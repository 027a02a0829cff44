import { isLoopback } from '../../loopback.ts'
import { type Mailbox, readMailbox } from './address.ts'

/** The server that takes the messages, out of the setting SHEAF_SMTP. */
export interface SmtpSettings {
  host: string
  port: number
  /** Whether the connection begins with TLS. If not, it is upgraded (STARTTLS) before anything else is said. */
  secure: boolean
  /** Whether the server is on this machine: then it need not know TLS, and its certificate is not looked at. */
  local: boolean
  /** Never to be shown. */
  login: { user: string; pass: string } | undefined
  /** Who a message is from that does not say. */
  from: Mailbox | undefined
  /** How many connections there may be. */
  pool: number
}

const defaultPool = 5
const largestPool = 100

/** What the setting may be, to follow its name in a message. */
export const allowedSmtp =
  'to be smtp://user:password@host:port?from=address or smtps://…, with what is special in a URL percent-encoded'

/** `smtp://user:pass@mail.example.com:587?from=…&pool=5`; undefined when {@link flawOfSmtp} finds something. */
export const parseSmtp = (text: string): SmtpSettings | undefined => {
  const settings = readSmtp(text)
  return typeof settings === 'string' ? undefined : settings
}

/** What is wrong with the setting, without a word of what it says. */
export const flawOfSmtp = (text: string): string => {
  const flaw = readSmtp(text)
  return typeof flaw === 'string' ? flaw : 'nothing wrong'
}

/** The settings, or what is wrong with them. */
const readSmtp = (text: string): SmtpSettings | string => {
  const scheme = /^(smtps?):\/\//i.exec(text)?.[1]?.toLowerCase()
  if (scheme === undefined) return 'a URL that begins with neither smtp:// nor smtps://'
  const url = URL.parse(text)
  if (!url?.hostname) return 'a URL that is not valid or has no host'
  if (!/^\/?$/.test(url.pathname) || url.hash !== '') return 'a URL with a path or a "#"'
  const login = loginOf(url)
  if (typeof login === 'string') return login
  const options = optionsOf(url, login?.user)
  if (typeof options === 'string') return options
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const secure = scheme === 'smtps'
  const port = url.port === '' ? (secure ? 465 : 587) : Number(url.port)
  return { host, port, secure, local: isLoopback(host), login, ...options }
}

const loginOf = ({ username, password }: URL): SmtpSettings['login'] | string => {
  if (username === '' && password === '') return undefined
  const user = decoded(username)
  const pass = decoded(password)
  if (user === undefined || pass === undefined)
    return 'a user or password that is not percent-encoded as it must be'
  return user === '' || pass === '' ? 'only one of user and password' : { user, pass }
}

/** Of what is between the `&`: unlike in a form, "+" is itself, because it is common in addresses. */
const optionsOf = (
  { search }: URL,
  user: string | undefined,
): Pick<SmtpSettings, 'from' | 'pool'> | string => {
  const options = { from: readMailbox(user ?? ''), pool: defaultPool }
  for (const part of search.slice(1).split('&').filter(Boolean)) {
    const [, name, text] = /^(from|pool)=(.*)$/.exec(part) ?? []
    const value = decoded(text ?? '')
    if (name === 'from') {
      const from = readMailbox(value ?? '')
      if (!from) return 'a "from" that is not an e-mail address'
      options.from = from
    } else if (name === 'pool') {
      options.pool = Number(value)
      if (!/^[1-9]\d{0,2}$/.test(value ?? '') || options.pool > largestPool)
        return `a "pool" that is not between 1 and ${largestPool}`
    } else return 'an option other than "from" and "pool"'
  }
  return options
}

/** Undefined for what is not valid, and for a line break or a NUL, which no login can hold. */
const decoded = (text: string): string | undefined => {
  try {
    const value = decodeURIComponent(text)
    return /[\0\r\n]/.test(value) ? undefined : value
  } catch {
    return undefined
  }
}
