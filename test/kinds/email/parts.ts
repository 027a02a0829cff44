import type { Mail } from './server.ts'

/** An attached file as it arrived. */
export interface AttachedFile {
  filename: string | undefined
  contentType: string | undefined
  sha256: string
  bytes: number
}

export const sha256 = (bytes: string | Uint8Array) =>
  new Bun.CryptoHasher('sha256').update(bytes).digest('hex')

/** The attachments of a message, decoded. */
export const filesOf = ({ raw }: Pick<Mail, 'raw'>): AttachedFile[] => {
  const boundary = /boundary="?([^"\r\n;]+)/.exec(raw)?.[1]
  const parts = boundary === undefined ? [] : raw.split(`--${boundary}`)
  return parts.flatMap((part) => {
    const at = part.indexOf('\r\n\r\n')
    const head = part.slice(0, at).replaceAll(/\r\n[ \t]+/g, ' ')
    if (!/Content-Disposition: attachment/i.test(head)) return []
    const bytes = Buffer.from(part.slice(at), 'base64')
    return {
      filename: /filename="?([^"\r\n;]+)/.exec(head)?.[1],
      contentType: /Content-Type: ([^\r\n]+?)(; name=[^;\r\n]+)?(\r\n|$)/i.exec(head)?.[1],
      sha256: sha256(bytes),
      bytes: bytes.length,
    }
  })
}
