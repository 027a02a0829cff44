/** The first match in the lines that a process writes; throws if it ends without one. */
export const said = async (stdout: ReadableStream<Uint8Array>, pattern: RegExp): Promise<string> => {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of stdout) {
    text += decoder.decode(chunk, { stream: true })
    // Of a line that is not all there, a number may not be, and who writes the rest would find nobody to read it.
    const lines = text.slice(0, text.lastIndexOf('\n') + 1)
    const [found] = pattern.exec(lines) ?? []
    if (found !== undefined) return found
  }
  throw new Error(`Expected a process to say ${pattern}, got: ${text}`)
}
