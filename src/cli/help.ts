export const help = `sheaf: a durable Promise.all over HTTP

  sheaf, sheaf serve      starts the server; its settings are environment variables
  sheaf backup FILE       copies the database to FILE, also while a server works on it, and checks the copy
    --database FILE         the database to copy (default: SHEAF_DATABASE, or ./sheaf.db)
    --force                 replaces FILE if there is one
  sheaf --version         says which version this is
  sheaf --help            says this

A command ends with 0 when it did its work, with 1 when it could not, and with 2 when it was not understood.`
