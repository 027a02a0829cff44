/** How a server ends. */
export type End = 'stop' | 'kill'

/** One server after another, at one address. */
export interface Node {
  readonly url: string
  /** How many servers it was before this one: what followed them had to come back. */
  readonly lives: number
  /** Ends the server, and starts the next; resolves when that takes jobs. */
  restart(end: End): Promise<void>
}

/** Nodes on one store. */
export interface Cluster extends AsyncDisposable {
  readonly nodes: readonly [Node, ...Node[]]
}

export interface ClusterKind {
  readonly name: string
  /** In which ways its servers can end. */
  readonly ends: readonly End[]
  /** Starts its nodes on a store of its own. */
  open(): Promise<Cluster>
}
