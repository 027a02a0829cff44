import { describe, expect, test } from 'bun:test'
import { Problem } from '../../src/job/errors.ts'
import type { FieldError } from '../../src/job/explain.ts'
import { parseSmtp } from '../../src/kinds/email/smtp.ts'
import { openFolder } from '../../src/kinds/http/artifacts/folder.ts'
import { createKinds } from '../../src/kinds/kinds.ts'
import { parseJob, prepareJob } from '../../src/kinds/prepare.ts'

const smtp = parseSmtp('smtp://127.0.0.1:25?from=sheaf@example.com')
const kinds = createKinds({ smtp, artifacts: openFolder('nowhere') })
const secrets = new Set(['KEY'])

const errorsOf = (job: object): FieldError[] => {
  try {
    prepareJob(parseJob(job), kinds, { id: 'x', now: 0, secrets })
  } catch (error) {
    if (error instanceof Problem && error.code === 'invalid') return error.extensions.errors as FieldError[]
    throw error
  }
  return []
}
const messagesOf = (...tasks: object[]) => errorsOf({ tasks }).map(({ message }) => message)

const get = (fields: object = {}) => ({ kind: 'http', key: 'report', url: 'https://a.example/', ...fields })
const mail = (fields: object = {}) => ({
  kind: 'email',
  to: 'a@example.com',
  subject: '',
  text: '',
  ...fields,
})
const asking = (artifact: unknown, fields: object = {}) => mail({ attachments: [{ artifact }], ...fields })
const field = 'tasks[1].attachments[0].artifact'

describe('a message may attach what a task saves', () => {
  test.each([
    ['by key', 'report', ['report']],
    ['by index', 0, ['report']],
    ['by index, as a placeholder would write it', '0', [0]],
    ['however that ends', 'report', [{ task: 'report', on: 'ended' }]],
  ])('%s', (_, artifact, after) => {
    expect(messagesOf(get({ save: true }), asking(artifact, { after }))).toEqual([])
  })

  test('that comes later in the list', () => {
    expect(messagesOf(asking('report', { after: ['report'] }), get({ save: true }))).toEqual([])
  })

  test('unless a placeholder decides whether it does', () => {
    expect(messagesOf(get({ save: '{{secrets.KEY}}' }), asking('report', { after: ['report'] }))).toEqual([])
  })

  test('with placeholders elsewhere in it', () => {
    const attachments = [
      { artifact: 'report', filename: '{{index}}.pdf' },
      { filename: 'a', text: '{{tasks.report.output.status}}' },
    ]
    expect(messagesOf(get({ save: true }), mail({ attachments, after: [0] }))).toEqual([])
  })
})

describe('a message is refused that attaches what', () => {
  test.each<[string, object, unknown, object, string]>([
    [
      'it does not come after',
      get({ save: true }),
      'report',
      {},
      `Expected "${field}" to be a task that "tasks[1].after" names, got "report".`,
    ],
    [
      'is not saved',
      get(),
      'report',
      { after: ['report'] },
      `Expected "${field}" to be an "http" task with "save": true, got "report".`,
    ],
    [
      'is saved by no http task',
      { kind: 'sleep', ms: 0 },
      0,
      { after: [0] },
      `Expected "${field}" to be an "http" task with "save": true, got 0.`,
    ],
    [
      'is no task',
      get({ save: true }),
      'reprot',
      { after: [0] },
      `Expected "${field}" to be a task of this job, got "reprot". Did you mean "report"?`,
    ],
    [
      'is no index',
      get({ save: true }),
      7,
      {},
      `Expected "${field}" to be a task of this job, got 7. There are 2.`,
    ],
    [
      'a placeholder names',
      get({ save: true }),
      'report{{index}}',
      { after: [0] },
      `Expected "${field}" without placeholders, got "report{{index}}".`,
    ],
  ])('%s', (_, first, artifact, fields, message) => {
    expect(messagesOf(first, asking(artifact, fields))).toEqual([message])
  })

  test('another saves, in a job of each', () => {
    const task = asking('report', { text: '{{item}}' })
    expect(errorsOf({ each: { items: ['a', 'b'], task } })).toEqual([
      {
        field: 'each.task.attachments[0].artifact',
        message:
          'Expected "each.task.attachments[0].artifact" to be left out, because the tasks of "each" come after none, got "report".',
      },
    ])
    const late = mail({ attachments: '{{item}}' })
    expect(errorsOf({ each: { items: [[], [{ artifact: 0 }]], task: late } })).toMatchObject([
      { field: 'each.items[1]', message: expect.stringContaining('come after none, got 0.') },
    ])
  })
})
