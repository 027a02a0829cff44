import { parseAllow } from '../../../src/kinds/egress/allow.ts'
import { createEgress } from '../../../src/kinds/egress/egress.ts'
import { createHttp } from '../../../src/kinds/http.ts'

/** The kind as a server has it that was allowed to reach the servers of these tests. */
export const http = createHttp({
  egress: createEgress({ allow: parseAllow('127.0.0.1,[::1],localhost') ?? [] }),
})
