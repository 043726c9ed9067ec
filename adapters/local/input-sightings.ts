/** What an answer about the inputs rests on, as it is found out: paths below the repository's root, '' is the root. */
export interface Sightings {
  /** At these something was looked at: whether anything stands there, and what. */
  readonly looked: Set<string>;
  /** The names in these folders were listed. */
  readonly listed: Set<string>;
}

export function noSightings(): Sightings {
  return { looked: new Set(), listed: new Set() };
}
