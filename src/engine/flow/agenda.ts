/** Things and the times at which they become due, the earliest first: a binary heap that knows where each thing is. */
export class Agenda<T> {
  #heap: { item: T; at: number }[] = []
  #places = new Map<T, number>()

  get size(): number {
    return this.#heap.length
  }

  /** When the first thing becomes due. */
  get next(): number | undefined {
    return this.#heap[0]?.at
  }

  /** Sets or changes when a thing becomes due. */
  set(item: T, at: number): void {
    this.delete(item)
    this.#heap.push({ item, at })
    this.#rise(this.#heap.length - 1)
  }

  delete(item: T): void {
    const place = this.#places.get(item)
    if (place === undefined) return
    this.#places.delete(item)
    const last = this.#heap.pop()
    if (last === undefined || place === this.#heap.length) return
    this.#put(place, last)
    this.#rise(this.#sink(place))
  }

  /** Takes out the first thing, if it is due. */
  take(now: number): T | undefined {
    const [first] = this.#heap
    if (first === undefined || first.at > now) return undefined
    this.delete(first.item)
    return first.item
  }

  #put(place: number, entry: { item: T; at: number }): void {
    this.#heap[place] = entry
    this.#places.set(entry.item, place)
  }

  #rise(from: number): void {
    const entry = this.#heap[from]
    if (entry === undefined) return
    let place = from
    while (place > 0) {
      const above = (place - 1) >> 1
      const parent = this.#heap[above]
      if (parent === undefined || parent.at <= entry.at) break
      this.#put(place, parent)
      place = above
    }
    this.#put(place, entry)
  }

  /** Returns where it came to rest. */
  #sink(from: number): number {
    const entry = this.#heap[from]
    if (entry === undefined) return from
    let place = from
    for (;;) {
      const left = this.#heap[2 * place + 1]
      const right = this.#heap[2 * place + 2]
      const child = right && left && right.at < left.at ? right : left
      if (child === undefined || child.at >= entry.at) break
      this.#put(place, child)
      place = child === right ? 2 * place + 2 : 2 * place + 1
    }
    this.#put(place, entry)
    return place
  }
}
