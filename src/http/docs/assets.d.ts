/** Files that are imported for their path: on disk, or within the compiled executable. */
declare module 'swagger-ui-dist/*' {
  const path: string
  export default path
}
