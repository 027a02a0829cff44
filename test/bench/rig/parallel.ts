/** Does the same so many times, with so many under way at once. */
export const inParallel = async (
  times: number,
  atOnce: number,
  work: (nth: number) => Promise<unknown>,
): Promise<void> => {
  let next = 0
  const go = async () => {
    while (next < times) await work(next++)
  }
  await Promise.all(Array.from({ length: atOnce }, go))
}
