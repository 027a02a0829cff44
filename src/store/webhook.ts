/** Which endpoints of webhooks to read. */
export interface EndpointQuery {
  /** Only ids after this one. */
  after?: string | undefined
  limit: number
}

/** Which deliveries to read of those that an endpoint has. */
export interface DeliveryQuery {
  /** The id of the job that they tell of. */
  job: string
  /** Only keys after this one. */
  after?: string | undefined
  limit: number
}
