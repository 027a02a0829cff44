import type { Artifacts } from '../artifacts.ts'
import { openBucket, readBucket } from './bucket.ts'
import { openFolder } from './folder.ts'

/** What SHEAF_ARTIFACTS names: a bucket, or else a folder. Opens nothing until it is used. */
export const openArtifacts = (place: string): Artifacts => {
  const bucket = readBucket(place)
  return bucket ? openBucket(bucket) : openFolder(place)
}
