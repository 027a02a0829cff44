/** What an operation takes beside JSON, by its id and content type; the plugin knows nothing of these. */
export const uploads = {
  submitJob: {
    'application/x-ndjson': {
      schema: {
        type: 'string',
        description: [
          'Line one is the job. With `each: {task}`, without `items`, the lines that follow are the items; without `each`',
          'and `tasks`, they are the tasks, each of which may come after earlier ones. A JSON value a line; blank lines at',
          'the end only. Lines are stored and run as they come, 1,000 of them or 1 MiB at a time.',
        ].join(' '),
      },
      example: [
        '{"name":"naps","each":{"task":{"kind":"sleep","ms":"{{item.ms}}"}}}',
        '{"ms":250}',
        '{"ms":500}',
        '',
      ].join('\n'),
    },
    'multipart/form-data': {
      schema: {
        type: 'object',
        required: ['job', 'items'],
        additionalProperties: false,
        properties: {
          job: {
            type: 'string',
            contentMediaType: 'application/json',
            description: 'The job, with `each: {task}` and without `items`.',
          },
          items: {
            type: 'string',
            description: [
              'A file. As `text/csv` (RFC 4180, with a header), each row is an item: an object of strings.',
              'As `application/x-ndjson`, each line is one.',
            ].join(' '),
          },
        },
      },
      encoding: { items: { contentType: 'text/csv, application/x-ndjson' } },
    },
  },
  addTasks: {
    'application/x-ndjson': {
      schema: {
        type: 'string',
        description:
          'A task a line; or an item, where the job has an `each`. They are stored as they come, 1,000 of them or 1 MiB at a time.',
      },
      example: ['{"kind":"sleep","ms":250}', '{"kind":"sleep","ms":500}', ''].join('\n'),
    },
  },
}
