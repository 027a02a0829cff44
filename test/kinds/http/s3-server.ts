/** A server that speaks as much of S3 as a bucket needs; it keeps its objects in memory, whatever their bucket, and lists two at a time. */
export const startS3 = () => {
  const objects = new Map<string, Uint8Array<ArrayBuffer>>()
  const uploads = new Map<string, Map<number, Uint8Array<ArrayBuffer>>>()
  const xml = (text: string, headers: HeadersInit = {}) =>
    new Response(`<?xml version="1.0"?>${text}`, {
      headers: { 'content-type': 'application/xml', ...headers },
    })

  const list = (prefix: string) => {
    const keys = [...objects.keys()].filter((key) => key.startsWith(prefix)).sort()
    const page = keys.slice(0, 2).map((key) => `<Contents><Key>${key}</Key></Contents>`)
    return xml(
      `<ListBucketResult><Name>b</Name><IsTruncated>${keys.length > 2}</IsTruncated>${page.join('')}</ListBucketResult>`,
    )
  }
  const read = (key: string, request: Request) => {
    const bytes = objects.get(key)
    if (!bytes) return new Response(null, { status: 404 })
    const etag = { etag: '"x"' }
    if (request.method === 'HEAD')
      return new Response(null, { headers: { ...etag, 'content-length': String(bytes.length) } })
    const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.get('range') ?? '') ?? []
    if (from === undefined) return new Response(bytes, { headers: etag })
    return new Response(bytes.slice(Number(from), to ? Number(to) + 1 : undefined), {
      status: 206,
      headers: etag,
    })
  }
  /** A large object is sent in parts. */
  const upload = async (key: string, query: URLSearchParams, request: Request) => {
    const id = query.get('uploadId')
    if (id === null) {
      uploads.set(key, new Map())
      return xml(`<InitiateMultipartUploadResult><UploadId>${key}</UploadId></InitiateMultipartUploadResult>`)
    }
    const parts = uploads.get(id) ?? new Map<number, Uint8Array<ArrayBuffer>>()
    if (request.method === 'PUT') {
      parts.set(Number(query.get('partNumber')), await request.bytes())
      return new Response(null, { headers: { etag: '"p"' } })
    }
    const sorted = [...parts].sort(([a], [b]) => a - b).map(([, bytes]) => bytes)
    objects.set(key, new Uint8Array(await new Blob(sorted).arrayBuffer()))
    return xml('<CompleteMultipartUploadResult></CompleteMultipartUploadResult>')
  }

  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    development: false,
    maxRequestBodySize: 1024 ** 3,
    fetch: async (request) => {
      if (!request.headers.get('authorization')?.includes('AWS4-HMAC-SHA256 Credential=test-key'))
        return new Response(null, { status: 403 })
      const { pathname, searchParams } = new URL(request.url)
      const key = decodeURIComponent(pathname).replace(/^\/[^/]+\/?/, '')
      if (searchParams.has('list-type')) return list(searchParams.get('prefix') ?? '')
      if (searchParams.has('uploads') || searchParams.has('uploadId'))
        return upload(key, searchParams, request)
      switch (request.method) {
        case 'PUT':
          objects.set(key, await request.bytes())
          return new Response(null, { headers: { etag: '"x"' } })
        case 'DELETE':
          objects.delete(key)
          return new Response(null, { status: 204 })
        default:
          return read(key, request)
      }
    },
  })
  return {
    objects,
    client: {
      endpoint: `http://127.0.0.1:${server.port}`,
      accessKeyId: 'test-key',
      secretAccessKey: 'test-secret',
    },
    [Symbol.asyncDispose]: () => server.stop(true),
  }
}
