/** The tags that every object carries. Lifecycle rules filter on `retention`. */
export const tagNames = {
  kind: 'hybridcore:kind',
  builder: 'hybridcore:builder',
  build: 'hybridcore:build',
  retention: 'hybridcore:retention',
} as const;

/** What an object is. */
export const objectKinds = ['hash-manifest', 'log-summary', 'log', 'scrub-manifest', 'result', 'diag'] as const;
export type ObjectKind = (typeof objectKinds)[number];

export interface Tags {
  readonly kind: ObjectKind;
  readonly builder: string;
  readonly build: string;
  /** The name of a retention class. */
  readonly retention: string;
}
