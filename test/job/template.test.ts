import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { literal } from '../../src/job/template/literal.ts'
import { type Placeholder, partsOf } from '../../src/job/template/placeholder.ts'
import { type Scope, TemplateError } from '../../src/job/template/scope.ts'
import { compile, mostRendered } from '../../src/job/template/template.ts'
import { urlOf } from '../../src/job/template/url.ts'

const user = { id: 7, name: 'Ann', tags: ['a', 'b'], 'a-b': { c: null }, on: true }
const scope: Scope = {
  item: { value: user },
  index: 3,
  output: (task) => (task === 'login' ? { value: { body: { token: 't0k' }, list: [1, [2]] } } : undefined),
  secret: (name) => (name === 'KEY' ? 's3cret' : undefined),
}
const rules = { at: 'input', urls: ['url'], literal: ['query'] }

const render = (value: unknown, given: Scope = scope): unknown =>
  compile({ value }, rules).render(given).value
const url = (text: string, given: Scope = scope): unknown => compile({ url: text }, rules).render(given).url

const errorOf = (action: () => unknown): string => {
  try {
    action()
  } catch (error) {
    if (error instanceof TemplateError) return error.message
    throw error
  }
  return 'no error'
}

describe('a string', () => {
  test.each<[string, unknown]>([
    ['{{item}}', user],
    ['{{ item.id }}', 7],
    ['{{item.tags}}', ['a', 'b']],
    ['{{item.tags.1}}', 'b'],
    ['{{item.a-b.c}}', null],
    ['{{index}}', 3],
    ['{{tasks.login.output}}', { body: { token: 't0k' }, list: [1, [2]] }],
    ['{{tasks.login.output.list.1.0}}', 2],
    ['{{secrets.KEY}}', 's3cret'],
    ['#{{item.id}}: {{item.name}}', '#7: Ann'],
    ['{{item.on}}{{index}}', 'true3'],
    ['tags {{item.tags}}', 'tags ["a","b"]'],
    ['Bearer {{tasks.login.output.body.token}}', 'Bearer t0k'],
    ['', ''],
    ['}} and { and {}', '}} and { and {}'],
    ['{{{{item}}', '{{item}}'],
    ['{{{{', '{{'],
    ['{{{item.id}}}', '{7}'],
    ['{{{{{{item.id}}', '{{7'],
    ['{{{{{{{{', '{{{{'],
    ['{{{{{', '{{{'],
  ])('%j becomes %j', (text, value) => {
    expect(render(text)).toEqual(value)
  })

  test.each([
    'item',
    '{{}}',
    '{{ }}',
    '{{itm}}',
    '{{item.}}',
    '{{item..id}}',
    '{{items}}',
    '{{index.a}}',
    '{{tasks}}',
    '{{tasks.a}}',
    '{{tasks.a.outputs}}',
    '{{tasks..output}}',
    '{{secrets.}}',
    '{{secrets.A B}}',
    '{{secrets.A.b}}',
    '{{item',
    '{{item}',
    '{{item {{index}',
    '{{env.HOME}}',
    '{{constructor}}',
    '{{__proto__}}',
  ])('%j holds no placeholder that is one', (text) => {
    const sources = partsOf(text).map((part) => (typeof part === 'string' ? 'text' : part.source))
    expect(sources.filter((source) => source !== 'text' && source !== 'unknown')).toEqual([])
    if (text.includes('{{')) expect(sources).toContain('unknown')
  })

  test('is cut in time linear in its length, whatever it is', () => {
    for (const piece of ['{', '{{', '{{a', '{{{{{', '}}', '{{item}', '{{item}}'])
      partsOf(piece.repeat(1_000_000 / piece.length))
    expect(partsOf(`{{${'a'.repeat(1_000_000)}`)).toHaveLength(2)
  })
})

describe('a placeholder that leads to nothing', () => {
  test.each([
    ['{{item.email}}', 'there is no "email".'],
    ['{{item.name.length}}', 'there is no "length".'],
    ['{{item.tags.length}}', 'there is no "length".'],
    ['{{item.tags.2}}', 'there is no "2".'],
    ['{{item.a-b.c.d}}', 'there is no "d".'],
    ['{{item.constructor}}', 'there is no "constructor".'],
    ['{{item.__proto__}}', 'there is no "__proto__".'],
    ['{{item.tags.map}}', 'there is no "map".'],
    ['{{tasks.other.output.id}}', 'the task "other" has no output.'],
    ['{{secrets.OTHER}}', 'this server has no secret "OTHER".'],
  ])('%s is an error that names it and its field, and no value', (text, why) => {
    const message = errorOf(() => compile({ json: { a: [`x ${text}`] } }, rules).render(scope))
    expect(message).toBe(`The placeholder ${text} in "input.json.a[0]" leads to nothing: ${why}`)
  })
})

describe('what is rendered', () => {
  test('is new each time, and what is not a placeholder is as it was', () => {
    const input = { a: [{ b: [1, null, 'x', { c: true }] }], d: {} }
    const template = compile(input, rules)
    const once = template.render(scope)
    expect(once).toEqual(input)
    expect(template.render(scope).a).not.toBe(once.a)
  })

  test('is the same for all JSON without braces', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        const json = JSON.stringify(value)
        if (!json.includes('{{')) expect(JSON.stringify(render(JSON.parse(json)))).toBe(json)
      }),
    )
  })

  const braced = fc.string({
    unit: fc.constantFrom('{', '}', '{{', '}}', 'item', '.id', 'a', ' '),
    maxLength: 12,
  })

  test('is the same for all JSON that was made literal', () => {
    const values = fc.dictionary(braced, fc.oneof(braced, fc.array(braced)))
    fc.assert(
      fc.property(values, (value) => {
        const json = JSON.stringify(value)
        const template = compile({ value: JSON.parse(JSON.stringify(literal(value))) }, rules)
        expect(template.uses).toEqual([])
        expect(JSON.stringify(template.render(scope).value)).toBe(json)
      }),
    )
  })

  test('takes values as they are: they are never read again', () => {
    fc.assert(
      fc.property(braced, braced, (a, b) => {
        const given: Scope = { ...scope, item: { value: { a, b } } }
        expect(render('{{item.a}}', given)).toBe(a)
        expect(render('{{item.a}}|{{item.b}}', given)).toBe(`${a}|${b}`)
        expect(render({ x: '{{item}}' }, given)).toEqual({ x: { a, b } })
      }),
    )
  })

  test('has a property called __proto__ like any other', () => {
    const rendered = render(JSON.parse('{"__proto__": {"a": "{{index}}"}, "b": 1}'))
    expect(JSON.stringify(rendered)).toBe('{"__proto__":{"a":3},"b":1}')
    expect(Reflect.get(Object(rendered), 'a')).toBeUndefined()
  })

  test('is not longer than the limit, however small the template', () => {
    const big: Scope = { item: { value: { text: 'x'.repeat(1_000_000) } } }
    const often = '{{item.text}}'.repeat(Math.ceil(mostRendered / 1_000_000))
    expect(errorOf(() => render(often, big))).toContain(`longer than ${mostRendered} characters`)
    expect(errorOf(() => render(Array(20).fill('{{item}}'), big))).toContain('{{item}}')
  })

  test('leaves alone what it is told to, and notes what stands in names', () => {
    const template = compile({ query: 'select {{item}}', json: { '{{item}}': 1, '{{{{a': 2 } }, rules)
    expect(template.uses.map(({ field, place }) => [place, field])).toEqual([
      ['literal', 'input.query'],
      ['name', `input.json['{{item}}']`],
    ])
    expect(template.render(scope).query).toBe('select {{item}}')
    expect(template.render(scope).json).toHaveProperty(['{{a'], 2)
  })

  test('keeps the placeholders of what is not known yet', () => {
    const known: Scope = { index: 3, item: { value: user } }
    expect(render(['{{index}}', '{{secrets.KEY}}', '{{item.id}}/{{tasks.a.output}}'], known)).toEqual([
      3,
      '{{secrets.KEY}}',
      '7/{{tasks.a.output}}',
    ])
  })
})

describe('a URL', () => {
  const withItem = (value: unknown): Scope => ({ ...scope, item: { value } })

  test.each<[string, unknown, string]>([
    ['https://a.example/u/{{item}}', 7, 'https://a.example/u/7'],
    ['https://a.example/u/{{item}}', 'a/b?c#d', 'https://a.example/u/a%2Fb%3Fc%23d'],
    ['https://a.example/u/{{item}}', '%2e%2e', 'https://a.example/u/%252e%252e'],
    ['https://a.example/u/{{item}}', 'a\r\nb', 'https://a.example/u/a%0D%0Ab'],
    ['https://a.example/u/{{item}}', '\ud800', 'https://a.example/u/%EF%BF%BD'],
    ['https://a.example/u?q={{item}}&x=1', 'a&b=c', 'https://a.example/u?q=a%26b%3Dc&x=1'],
    ['https://a.example/u?q={{item}}', '..', 'https://a.example/u?q=..'],
    ['https://a.example/u?q={{item}}', '', 'https://a.example/u?q='],
    ['https://a.example/u/v{{item}}', '', 'https://a.example/u/v'],
    ['https://a.example/u?q={{item}}', [1], 'https://a.example/u?q=%5B1%5D'],
    ['https://{{item}}.example/', 'eu', 'https://eu.example/'],
    ['{{item}}', 'https://b.example/?a=b/c', 'https://b.example/?a=b/c'],
    ['{{item}}/users/{{index}}', 'https://b.example/v1', 'https://b.example/v1/users/3'],
  ])('%s with %j is %s', (text, item, rendered) => {
    expect(url(text, withItem(item))).toBe(rendered)
  })

  test.each<[string, string]>([
    ['https://a.example/u/{{item}}', '.'],
    ['https://a.example/u/{{item}}', '..'],
    ['https://a.example/u/{{item}}', ''],
    ['https://a.example/u/{{item}}/x', ''],
    ['https://a.example/u/.{{item}}/x', '.'],
    ['https://a.example/u/.{{item}}/x', ''],
    ['https://a.example/u/%2e{{item}}', '.'],
    ['https://a.example/u/%2{{item}}', 'E'],
    ['https://a.example/u/%{{item}}', '2e'],
    ['https://a.example\\u\\{{item}}\\x', '..'],
    ['https://a.example/u/{{item}}?q', '..'],
    ['https://a.example/u/{{item}}#q', '..'],
    ['https://a.example/u/.\t{{item}}', '.'],
    ['https://a.example/u/{{item}} ', '..'],
    ['https://{{item}}/users', ''],
    ['https:///{{item}}/users', ''],
  ])('%s refuses %j, which would lead to another path', (text, item) => {
    expect(errorOf(() => url(text, withItem(item)))).toBe(
      'The placeholder {{item}} in "input.url" makes a path segment empty, "." or "..".',
    )
  })

  const nasty = fc.oneof(
    fc.string({ unit: fc.constantFrom('.', '/', '\\', '%', '2', 'e', '@', ':', '?', '#', '\t', ' ', 'a') }),
    fc.string({ unit: 'binary' }),
    fc.webUrl(),
  )

  test('keeps its origin and the depth of its path, whatever the values', () => {
    const templates = [
      'https://a.example/u/{{item}}/x',
      'https://a.example/{{item}}',
      'https://a.example/u/.{{item}}/{{item}} ',
      'https://a.example/%{{item}}e/%2{{item}}',
      'https://a.example\\u\\{{item}}?a={{item}}#{{item}}',
      'https://a.example?{{item}}',
    ]
    fc.assert(
      fc.property(fc.constantFrom(...templates), nasty, (template, value) => {
        const shape = new URL(template.replaceAll('{{item}}', 'x'))
        let rendered: unknown
        try {
          rendered = url(template, withItem(value))
        } catch (error) {
          expect(error).toBeInstanceOf(TemplateError)
          return
        }
        const parsed = new URL(String(rendered))
        expect(parsed.origin).toBe(shape.origin)
        expect(parsed.username).toBe('')
        expect(parsed.pathname.split('/')).toHaveLength(shape.pathname.split('/').length)
        if (shape.search === '?a=x') expect([...parsed.searchParams]).toEqual([['a', value.toWellFormed()]])
      }),
      { numRuns: 2_000 },
    )
  })

  test('of plain values is what it is of any', () => {
    const text = (...characters: string[]) =>
      fc.string({ unit: fc.constantFrom(...characters), maxLength: 4 })
    const around = text('a', '2', 'e', '%', '.', '/', '?', '#', ' ', '\t')
    const value = fc.oneof(
      text('a', '2', 'e', '-', '_', '~', '.'),
      fc.integer(),
      fc.constantFrom('', null, 1.5, -0),
    )
    const named: Placeholder = { text: '{{item}}', source: 'item', path: [] }
    fc.assert(
      fc.property(around, around, value, (before, after, value) => {
        const put = { placeholder: named, value: typeof value === 'string' ? value : JSON.stringify(value) }
        const parts = [`https://a.example/${before}`, put, ...(after === '' ? [] : [after])]
        const outcome = (action: () => unknown) => {
          const message = errorOf(() => action())
          return message === 'no error' ? action() : message
        }
        const template = `https://a.example/${before}{{item}}${after}`
        expect(outcome(() => url(template, withItem(value)))).toBe(outcome(() => urlOf(parts, 'input.url')))
      }),
      { numRuns: 2_000 },
    )
  })

  test('is known up to what is only known later, and its origin has to be', () => {
    const later: Scope = { index: 3 }
    expect(url('https://a.example/{{index}}/{{secrets.KEY}}?{{index}}', later)).toBe('https://a.example/3/')
    for (const text of [
      '{{secrets.KEY}}',
      'https://{{secrets.KEY}}/',
      'https://a.example{{secrets.KEY}}',
      'https://a.example:{{tasks.a.output}}/',
      'https://{{tasks.a.output}}@a.example/',
      'https:/{{tasks.a.output}}/',
      'https:///{{tasks.a.output}}/',
      '{{tasks.a.output}}/x',
    ])
      expect(errorOf(() => url(text, later))).toContain('scheme, host and port must be known at submit')
  })
})
