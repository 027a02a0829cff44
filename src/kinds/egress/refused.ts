export interface RefusedDetails {
  /** The host of the URL, with its port unless that is the default of the scheme. */
  host?: string
  /** The address that may not be connected to, and what it is: `private`, `loopback`, … */
  address?: string
  range?: string
}

/** A request that the egress guard did not send. No connection was made. Another attempt would be refused as well. */
export class EgressRefused extends Error {
  override readonly name = 'EgressRefused'
  readonly code = 'egress_refused'

  constructor(
    message: string,
    readonly details: RefusedDetails = {},
  ) {
    super(message)
  }
}

/** The setting that a refusal refers to. */
export const allowSetting = 'SHEAF_EGRESS_ALLOW'
