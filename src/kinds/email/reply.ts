import type { SmtpSettings } from './smtp.ts'

const longestReply = 1_000
const shortestSecret = 4

/**
 * Makes a server's reply fit to be shown: of bounded length, and without the login, which some servers repeat. A shorter
 * password than 4 characters is left in: to cut it out wherever it occurs would tell what it is.
 */
export const replyCleaner = ({ login }: Pick<SmtpSettings, 'login'>): ((reply: string) => string) => {
  const secrets = login ? formsOf(login).filter(({ length }) => length >= shortestSecret) : []
  return (reply) => {
    const clean = secrets.reduce((text, secret) => text.replaceAll(secret, '***'), reply).trim()
    return (clean.length > longestReply ? `${clean.slice(0, longestReply - 1)}…` : clean).toWellFormed()
  }
}

/** The password, and both as they go over the wire; the longest first, because one may hold another. */
const formsOf = ({ user, pass }: { user: string; pass: string }): string[] =>
  [pass, encodeURIComponent(pass), base64(pass), base64(`\0${user}\0${pass}`)].toSorted(
    (one, other) => other.length - one.length,
  )

const base64 = (text: string) => Buffer.from(text).toString('base64')
