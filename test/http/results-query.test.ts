import { describe, expect, test } from 'bun:test'
import { echoing, problemOf, startApp } from './rig.ts'

describe('the query of results', () => {
  test.each([
    ['order=backwards', 'order', 'Expected "order" to be '],
    ['order=completion&after=-1', 'after', 'Expected "after" '],
    ['order=completion&after=x', 'after', 'Expected "after" '],
    [
      'order=completion&after=99',
      undefined,
      'Expected "after" between 0 and 5, the latest seq of the job, got 99.',
    ],
    ['from=2', undefined, 'Expected "from" between 0 and 1, the number of tasks of the job, got 2.'],
    ['format=xml', 'format', 'Expected "format" to be '],
    ['order=input&wait=5', 'wait', 'Expected no "wait" beside "order": results come as tasks end.'],
    ['after=1', 'after', 'Expected no "after" without "order=completion".'],
    ['order=input&after=1', 'after', 'Expected no "after" without "order=completion".'],
    [
      'order=completion&from=1',
      'from',
      'Expected no "from" beside "order=completion", which goes on with "after".',
    ],
    ['odrer=input', 'odrer', 'Unknown '],
  ])('is refused with %s, naming the parameter', async (query, field, detail) => {
    await using rig = await startApp()
    const { id } = await rig.run([echoing()])
    const problem = await problemOf(await rig.get(`/jobs/${id}/results?${query}`))
    expect(problem).toMatchObject({ status: 422, code: 'invalid', detail: expect.stringContaining(detail) })
    if (field !== undefined) expect(problem.errors?.[0]?.field).toBe(field)
  })

  test('of a job that is not there is 404', async () => {
    await using rig = await startApp()
    const id = '01900000-0000-7000-8000-000000000000'
    expect((await rig.get(`/jobs/${id}/results?order=completion`)).status).toBe(404)
  })
})
