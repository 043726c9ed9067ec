/** The names in a table that is written down as a constant, with their own type. */
export function namesOf<Name extends string>(table: Readonly<Record<Name, unknown>>): Name[] {
  // Object.keys forgets the names, since an object may have more keys than its type tells; a constant has not.
  // oxlint-disable-next-line no-unsafe-type-assertion
  return Object.keys(table) as Name[];
}
