/** What an object is. */
export const objectKinds = ['hash-manifest', 'log-summary', 'log', 'scrub-manifest', 'result', 'diag'] as const;
export type ObjectKind = (typeof objectKinds)[number];

/**
 * The tags that every object carries: on S3 as `hybridcore:kind` and so on, on disk in the records. Lifecycle
 * rules filter on the retention.
 */
export interface Tags {
  readonly kind: ObjectKind;
  readonly builder: string;
  readonly build: string;
  /** The name of a retention class. */
  readonly retention: string;
}
