import favicon from 'swagger-ui-dist/favicon-32x32.png' with { type: 'file' }
import styles from 'swagger-ui-dist/swagger-ui.css' with { type: 'file' }
import script from 'swagger-ui-dist/swagger-ui-bundle.js' with { type: 'file' }

/** The page that shows the OpenAPI document. All of it comes from this server. */
export const swaggerPage = (base: string): string => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Sheaf: the HTTP interface</title>
    <link rel="icon" type="image/png" href="${base}/favicon.png">
    <link rel="stylesheet" href="${base}/swagger-ui.css">
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="${base}/swagger-ui.js"></script>
    <script src="${base}/start.js"></script>
  </body>
</html>
`

/** Swagger UI would send the document to a validator of its own on the web. */
const start = `SwaggerUIBundle({
  url: new URL('json', document.currentScript.src).href,
  dom_id: '#swagger-ui',
  deepLinking: true,
  validatorUrl: null,
})
`

/** Nothing may be loaded from elsewhere; Swagger UI styles its elements one by one, and has its icons in the CSS. */
export const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

export const swaggerAssets = {
  'swagger-ui.js': { type: 'text/javascript; charset=utf-8', body: () => Bun.file(script) },
  'swagger-ui.css': { type: 'text/css; charset=utf-8', body: () => Bun.file(styles) },
  'favicon.png': { type: 'image/png', body: () => Bun.file(favicon) },
  'start.js': { type: 'text/javascript; charset=utf-8', body: () => start },
} as const
