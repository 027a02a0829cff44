import type { Socket } from 'bun'

/** What the server answers to a statement; after `hang` it only waits for the connection to be killed. */
export type Reply =
  | { columns: [name: string, type: number, binary?: boolean][]; rows: (Uint8Array | null)[][] }
  | { affected: number }
  | { error: [number: number, state: string, message: string] }
  | 'hang'

/** One statement as it came: `text` as one of a COM_QUERY, `prepared` as a COM_STMT_EXECUTE. */
export interface Heard {
  connection: number
  how: 'text' | 'prepared'
  statement: string
}

interface Connection {
  id: number
  buffer: Buffer
  greeted: boolean
  prepared: string[]
}

/**
 * Speaks MySQL's protocol (https://dev.mysql.com/doc/dev/mysql-server/latest/PAGE_PROTOCOL.html) as far as a client needs
 * it, and answers as it is told. It proves what we send, and how we read what comes; not what MySQL makes of it.
 */
export class MysqlServer implements Disposable {
  readonly heard: Heard[] = []
  readonly #server
  readonly #open = new Map<number, Socket<Connection>>()
  #changed = Promise.withResolvers<void>()

  constructor(readonly reply: (statement: string) => Reply | undefined) {
    let connections = 0
    this.#server = Bun.listen<Connection>({
      hostname: '127.0.0.1',
      port: 0,
      socket: {
        open: (socket) => {
          connections += 1
          socket.data = {
            id: connections,
            buffer: Buffer.alloc(0),
            greeted: false,
            prepared: [],
          }
          this.#open.set(connections, socket)
          send(socket, 0, greeting(connections))
        },
        data: (socket, bytes) => this.#read(socket, bytes),
        close: (socket) => void this.#open.delete(socket.data.id),
      },
    })
  }

  get url(): string {
    return `mysql://user:mysql-secret-52b8@127.0.0.1:${this.#server.port}/app`
  }

  /** Resolves when a statement like this was heard. */
  async hears(pattern: RegExp): Promise<Heard> {
    for (;;) {
      const found = this.heard.find(({ statement }) => pattern.test(statement))
      if (found) return found
      await this.#changed.promise
    }
  }

  [Symbol.dispose](): void {
    this.#server.stop(true)
  }

  #read(socket: Socket<Connection>, bytes: Buffer): void {
    const { data } = socket
    data.buffer = Buffer.concat([data.buffer, bytes])
    while (data.buffer.length >= 4) {
      const end = 4 + data.buffer.readUIntLE(0, 3)
      if (data.buffer.length < end) return
      const packet = data.buffer.subarray(4, end)
      data.buffer = data.buffer.subarray(end)
      if (data.greeted) this.#command(socket, packet)
      else {
        data.greeted = true
        send(socket, 2, ok(0))
      }
    }
  }

  #command(socket: Socket<Connection>, packet: Buffer): void {
    const { data } = socket
    const text = packet.subarray(1).toString()
    switch (packet[0]) {
      case 0x01:
        socket.end()
        return
      case 0x03:
        this.#query(socket, text)
        return
      case 0x16: {
        data.prepared.push(text)
        const reply = this.#replyTo(text)
        const columns = typeof reply === 'object' && 'columns' in reply ? reply.columns : []
        const params = text.match(/\?/g) ?? []
        const head = Buffer.alloc(12)
        head.writeUInt32LE(data.prepared.length, 1)
        head.writeUInt16LE(columns.length, 5)
        head.writeUInt16LE(params.length, 7)
        const described = [
          params.map(() => definition('?', 253)),
          columns.map((column) => definition(...column)),
        ]
        send(socket, 1, head, ...described.flatMap((part) => (part.length > 0 ? [...part, eof()] : [])))
        return
      }
      case 0x17: {
        const statement = data.prepared[packet.readUInt32LE(1) - 1] ?? ''
        this.#hear(socket, 'prepared', statement)
        const reply = this.#replyTo(statement)
        if (reply !== 'hang') send(socket, 1, ...packetsOf(reply, 'prepared', 0))
        return
      }
      default:
    }
  }

  #query(socket: Socket<Connection>, text: string): void {
    const statements = text.split(';')
    const packets = statements.flatMap((statement, index) => {
      this.#hear(socket, 'text', statement)
      const killed = /^kill connection (\d+)$/.exec(statement)?.[1]
      if (killed) this.#kill(Number(killed))
      const reply: Reply =
        statement === 'select connection_id() as id'
          ? { columns: [['id', 8]], rows: [[Buffer.from(String(socket.data.id))]] }
          : this.#replyTo(statement)
      return reply === 'hang' ? [] : packetsOf(reply, 'text', index < statements.length - 1 ? moreResults : 0)
    })
    send(socket, 1, ...packets)
  }

  #kill(id: number): void {
    this.#open.get(id)?.terminate()
  }

  #replyTo(statement: string): Reply {
    return this.reply(statement) ?? { affected: 0 }
  }

  #hear({ data }: Socket<Connection>, how: Heard['how'], statement: string): void {
    this.heard.push({ connection: data.id, how, statement })
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }
}

const moreResults = 0x08

const send = (socket: Socket<Connection>, first: number, ...payloads: Buffer[]): void => {
  const packets = payloads.map((payload, index) => {
    const head = Buffer.alloc(4)
    head.writeUIntLE(payload.length, 0, 3)
    head[3] = (first + index) & 0xff
    return Buffer.concat([head, payload])
  })
  socket.write(Buffer.concat(packets))
}

const packetsOf = (reply: Exclude<Reply, 'hang'>, how: Heard['how'], status: number): Buffer[] => {
  if ('error' in reply) return [error(...reply.error)]
  if ('affected' in reply) return [ok(reply.affected, status)]
  const { columns, rows } = reply
  return [
    Buffer.from([columns.length]),
    ...columns.map((column) => definition(...column)),
    eof(status),
    ...rows.map(how === 'text' ? textRow : binaryRow),
    eof(status),
  ]
}

const textRow = (values: (Uint8Array | null)[]): Buffer =>
  Buffer.concat(values.map((value) => (value ? lengthy(value) : Buffer.from([0xfb]))))

/** Values of a fixed length are given as their bytes; `definition` tells which have a length in front. */
const binaryRow = (values: (Uint8Array | null)[]): Buffer => {
  const nulls = Buffer.alloc(Math.floor((values.length + 9) / 8))
  for (const [index, value] of values.entries()) {
    const bit = index + 2
    if (value === null) nulls[bit >> 3] = (nulls[bit >> 3] ?? 0) | (1 << (bit & 7))
  }
  return Buffer.concat([Buffer.from([0]), nulls, ...values.filter((value) => value !== null)])
}

/** Bytes with their length in front. */
export const lengthy = (value: Uint8Array | string): Buffer => {
  const bytes = Buffer.from(value)
  if (bytes.length < 0xfb) return Buffer.concat([Buffer.from([bytes.length]), bytes])
  const head = Buffer.from([0xfd, 0, 0, 0])
  head.writeUIntLE(bytes.length, 1, 3)
  return Buffer.concat([head, bytes])
}

const definition = (name: string, type: number, binary = false): Buffer => {
  const tail = Buffer.alloc(13)
  tail[0] = 0x0c
  tail.writeUInt16LE(binary ? 63 : 45, 1)
  tail.writeUInt32LE(1_024, 3)
  tail[7] = type
  tail.writeUInt16LE(binary ? 0x80 : 0, 8)
  return Buffer.concat([...['def', 'app', 't', 't', name, name].map(lengthy), tail])
}

const ok = (affected: number, status = 0): Buffer => Buffer.from([0, affected, 0, 2 | status, 0, 0, 0])

const eof = (status = 0): Buffer => Buffer.from([0xfe, 0, 0, 2 | status, 0])

const error = (number: number, state: string, message: string): Buffer =>
  Buffer.concat([Buffer.from([0xff, number & 0xff, number >> 8]), Buffer.from(`#${state}${message}`)])

const greeting = (id: number): Buffer => {
  // Protocol 4.1, transactions, secure connection, multi statements and results, named authentication.
  const capabilities = 0x000f_a20d
  const numbers = Buffer.alloc(4)
  numbers.writeUInt32LE(id)
  const flags = Buffer.alloc(18)
  flags.writeUInt16LE(capabilities & 0xffff, 0)
  flags[2] = 45
  flags.writeUInt16LE(2, 3)
  flags.writeUInt16LE(capabilities >>> 16, 5)
  flags[7] = 21
  return Buffer.concat([
    Buffer.from('\x0a8.4.0-scripted\0'),
    numbers,
    Buffer.from('saltsalt\0'),
    flags,
    Buffer.from('saltsaltsalt\0mysql_native_password\0'),
  ])
}
