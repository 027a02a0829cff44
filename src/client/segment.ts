/**
 * A name as one segment of a path; Eden would put it there as it is. Three have no form that stays one: in their place
 * stands a name that nothing can have.
 */
export const segmentOf = (name: string | number): string =>
  /^\.{0,2}$/.test(String(name)) ? '%00' : encodeURIComponent(name)
