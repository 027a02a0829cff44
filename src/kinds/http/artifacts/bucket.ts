import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { S3Options } from 'bun'
import { type ArtifactId, type Artifacts, keeping } from '../artifacts.ts'
import { spool } from './spool.ts'

export interface BucketOptions {
  bucket: string
  /** What all names begin with; empty, or with a slash at its end. */
  prefix: string
  /** Default: what Bun finds in `S3_ENDPOINT`, `S3_ACCESS_KEY_ID`, … or their `AWS_` forms. */
  client?: S3Options
}

/** `s3://bucket/prefix` */
export const readBucket = (text: string): BucketOptions | undefined => {
  const [, bucket, path = ''] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/.exec(text) ?? []
  const prefix = path.replace(/\/*$/, '/').replace(/^\/+/, '')
  return bucket === undefined ? undefined : { bucket, prefix }
}

/**
 * Keeps bodies in a bucket of S3, or of what speaks like it. A body is written to a file of this machine first: its length is
 * known when it is sent, and no part of one that breaks off is ever there.
 */
export const openBucket = ({ bucket, prefix, client: options }: BucketOptions): Artifacts => {
  const client = new Bun.S3Client({ ...options, bucket })
  const folderOf = (job: string) => `${prefix}${job}/`
  const keyOf = ({ job, index, attempt }: ArtifactId) => `${folderOf(job)}${index}-${attempt}`

  return {
    save: async (id, body, most) => {
      const folder = await keeping(() => mkdtemp(join(tmpdir(), 'sheaf-')))
      try {
        const path = join(folder, 'body')
        const saved = await spool(path, body, most)
        if (saved) await keeping(() => client.write(keyOf(id), Bun.file(path)))
        return saved
      } finally {
        await rm(folder, { recursive: true, force: true })
      }
    },
    read: async (id, from, to) => {
      const file = client.file(keyOf(id))
      return (await file.exists()) ? file.slice(from, to).stream() : undefined
    },
    remove: async (job) => {
      // A page has at most 1,000 names; what was on it is gone when the next is read.
      for (let more = true; more; ) {
        const { contents = [], isTruncated = false } = await client.list({ prefix: folderOf(job) })
        await Promise.all(contents.map(({ key }) => client.delete(key)))
        more = isTruncated && contents.length > 0
      }
    },
  }
}
