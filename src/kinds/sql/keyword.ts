/** White space, comments and opening parentheses, but not MySQL's comments that are executed. */
const lead = /^(?:[\s(]|--[^\n]*\n|\/\*(?!!|M!)[\s\S]*?\*\/)*/

/** The word that a statement begins with, in lower case; empty if it begins with none. */
export const keywordOf = (query: string): string => {
  const start = lead.exec(query)?.[0].length ?? 0
  return /^[a-z]+/i.exec(query.slice(start, start + 40))?.[0].toLowerCase() ?? ''
}

/** Whether there is nothing but white space, comments and semicolons. */
export const isBlank = (query: string): boolean => query.replace(blank, '') === ''

/** Sticky: each match begins where the last ended, so that no text takes more than one pass. */
const blank = /[\s;]+|--[^\n]*|\/\*(?!!|M!)[\s\S]*?(?:\*\/|$)/gy
