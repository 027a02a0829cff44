/** Which body: of which task, and of which of its attempts, so that one that lost its claim cannot replace it. */
export interface ArtifactId {
  job: string
  index: number
  attempt: number
}

export interface Saved {
  bytes: number
  /** In hexadecimal. */
  sha256: string
}

/** Where bodies are kept that are too large for a result. */
export interface Artifacts {
  /**
   * Keeps a body; it is durable, and there under its id, once this resolves. Undefined when it has more than `most` bytes: then
   * nothing is kept. Rejects with {@link ArtifactFailed}, or as the stream does.
   */
  save(id: ArtifactId, body: ReadableStream<Uint8Array>, most: number): Promise<Saved | undefined>
  /** The bytes from `from` up to and without `to`; undefined if it is not there any more. */
  read(id: ArtifactId, from: number, to: number): Promise<Blob | ReadableStream<Uint8Array> | undefined>
  /** Deletes all that was kept of a job. */
  remove(job: string): Promise<void>
}

/** A body that could not be kept. The message shows no path. */
export class ArtifactFailed extends Error {
  override readonly name = 'ArtifactFailed'
  readonly code = 'artifact_failed'

  constructor(
    readonly reason: string,
    cause?: unknown,
  ) {
    super(`The body could not be saved (${reason}).`, { cause })
  }
}

/** Runs what touches the disk, or the network of a bucket. */
export const keeping = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work()
  } catch (error) {
    const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined
    throw new ArtifactFailed(typeof code === 'string' ? code : 'unknown', error)
  }
}
