/** What a client says, and when it has heard enough. It is run in pages as well, as text: so it needs nothing from outside itself. */
export interface Script {
  url: string
  protocols?: string[]
  /** Texts, and binary messages and texts of so many bytes. */
  say: (string | { binary: number } | { text: number })[]
  /** Closes the socket after a message with these words in it. Default: leaves that to the server. */
  last?: string
}

export interface Talk {
  opened: boolean
  protocol: string
  extensions: string
  heard: string[]
  code: number
  reason: string
}

type Client = new (url: string, protocols: string[]) => WebSocket

export const talk = (Client: Client, { url, protocols = [], say, last }: Script): Promise<Talk> =>
  new Promise((resolve) => {
    const socket = new Client(url, protocols)
    const heard: string[] = []
    let opened = false
    socket.addEventListener('open', () => {
      opened = true
      for (const message of say) {
        if (typeof message === 'string') socket.send(message)
        else if ('text' in message) socket.send('x'.repeat(message.text))
        else socket.send(new Uint8Array(message.binary))
      }
    })
    socket.addEventListener('message', ({ data }) => {
      heard.push(String(data))
      if (last !== undefined && String(data).includes(last)) socket.close(1000, 'That is all.')
    })
    socket.addEventListener('error', () => {})
    socket.addEventListener('close', ({ code, reason }) => {
      const { protocol, extensions } = socket
      resolve({ opened, protocol, extensions, heard, code, reason })
    })
  })
