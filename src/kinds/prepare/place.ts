/** Where in a job the tasks of a request belong. */
export interface Place {
  /** The index of the first of them. */
  from: number
  /** How the request names the task of an index. */
  nameOf(index: number): string
  /**
   * What there is to know of the tasks before them; then each may come after earlier ones only. Undefined where they are the
   * whole job, as one value: then they may come in any order.
   */
  earlier: Earlier | undefined
}

/** Of the tasks that were stored before: those that the tasks of a request name. */
export interface Earlier {
  /** The indexes of keys. */
  indexes: ReadonlyMap<string, number>
  /** Those that save a body. */
  saving: ReadonlySet<number>
}

export const whole: Place = { from: 0, nameOf: (index) => `tasks[${index}]`, earlier: undefined }

const none: Earlier = { indexes: new Map(), saving: new Set() }

/** The first tasks of a job that comes a line at a time. */
export const beginning: Place = { ...whole, earlier: none }
