/** What goes on behind whoever has been answered already. It may fail, and nobody is told. */
export class Behind {
  #works = new Set<Promise<void>>()

  add(work: Promise<unknown>): void {
    const quiet = work.then(
      () => {},
      () => {},
    )
    this.#works.add(quiet)
    void quiet.then(() => this.#works.delete(quiet))
  }

  async done(): Promise<void> {
    while (this.#works.size > 0) await Promise.all(this.#works)
  }
}
