import { filterPaths, registerSchemaPath } from '@elysiajs/swagger/utils'
import type { AnyElysia } from 'elysia'

/** An app, whose routes are looked at once all of them are there. */
export type Routed = Pick<AnyElysia, 'routes'>

/**
 * What the swagger plugin says of the routes. Of the plugin itself there would be a page in front, which loads its script from another
 * host, and whose libraries would be loaded with each start.
 */
export const pathsOf = ({ routes }: Routed): Record<string, unknown> => {
  const schema = {}
  for (const { method, path, hooks } of routes)
    if (described.has(method) && hooks.detail?.hide !== true)
      registerSchemaPath({ schema, hook: hooks, method, path, models: {}, contentType: hooks.type })
  return filterPaths(schema, { excludeStaticFile: false, exclude: [] })
}

/** Of a WebSocket, OpenAPI knows nothing. */
const described = new Set(['GET', 'PUT', 'POST', 'DELETE', 'HEAD', 'PATCH'])
