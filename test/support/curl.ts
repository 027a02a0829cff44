/** The part of curl that the README uses (-s, -N, -H, -X, -d, --data-binary @-), for machines that have none. */
export {}

const args = process.argv.slice(2)
const headers = new Headers()
let url = ''
let body: string | undefined
let method: string | undefined

for (let arg = args.shift(); arg !== undefined; arg = args.shift()) {
  if (arg === '-H') {
    const [name = '', value = ''] = (args.shift() ?? '').split(/:\s*(.*)/s)
    headers.set(name, value)
  } else if (arg === '-d') body = args.shift()
  else if (arg === '--data-binary' && args.shift() === '@-') body = await Bun.stdin.text()
  else if (arg === '-X') method = args.shift()
  else if (!/^-[sN]+$/.test(arg)) url = arg
}

const response = await fetch(
  url,
  body === undefined ? { method: method ?? 'GET', headers } : { method: method ?? 'POST', headers, body },
)
for await (const chunk of response.body ?? []) process.stdout.write(chunk)
