import { describe, expect, test } from 'bun:test'
import { dirname, join, relative } from 'node:path'

const root = join(import.meta.dir, '..')
const pages = ['README.md', 'src/README.md', 'src/examples/fastapi/README.md']

const read = (path: string) => Bun.file(join(root, path)).text()

/** As GitHub makes them of headings. */
const anchorsOf = (page: string): string[] =>
  [...page.replace(/^```.*?^```$/gms, '').matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )

const linksOf = (page: string): string[] =>
  [...page.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link).filter((link) => !/^https?:/.test(link))

const leads = async (from: string, link: string): Promise<boolean> => {
  const [path = '', anchor] = link.split('#')
  const target = path === '' ? from : relative(root, join(root, dirname(from), path))
  if (!(await Bun.file(join(root, target)).exists())) return false
  return anchor === undefined || anchorsOf(await read(target)).includes(anchor)
}

describe('a link to a page or a heading of this repository', () => {
  test.each(pages)('leads somewhere: %s', async (page) => {
    const links = linksOf(await read(page))
    const lost = await Promise.all(links.map(async (link) => ((await leads(page, link)) ? [] : [link])))
    expect(lost.flat()).toEqual([])
  })

  test('is found, and missed when it is lost', async () => {
    expect(linksOf(await read('README.md')).length).toBeGreaterThan(10)
    expect(await leads('README.md', '#settings')).toBe(true)
    expect(await leads('README.md', '#setings')).toBe(false)
    expect(await leads('README.md', 'src/README.md')).toBe(true)
    expect(await leads('README.md', 'READYOU.md')).toBe(false)
  })
})
