import type { ArtifactUse } from '../kind.ts'

/** The attachments that other tasks save. Where a placeholder stands for one, or for all, it names none yet. */
export const artifactUses = (input: { attachments?: unknown }, at: string): ArtifactUse[] => {
  if (!Array.isArray(input.attachments)) return []
  return input.attachments.flatMap((attachment: unknown, position): ArtifactUse[] => {
    const task: unknown =
      typeof attachment === 'object' && attachment !== null ? Reflect.get(attachment, 'artifact') : undefined
    const field = `${at}.attachments[${position}].artifact`
    return typeof task === 'string' || typeof task === 'number' ? [{ task, field }] : []
  })
}
