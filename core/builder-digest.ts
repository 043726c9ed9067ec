import { type Builder } from './config.ts';
import { type Digest, digestOfJson } from './digest.ts';

/** What only the dispatcher and its deployment use: an attempt runs the same whatever it says. */
const notTheAttempts: ReadonlySet<string> = new Set([
  'aws',
  'publish',
  'retention',
  'retry',
  'schedule',
] as const satisfies readonly (keyof Builder)[]);

/**
 * The digest by which a dispatcher and an attempt see whether they mean the same builder: over the canonical JSON of what is
 * declared, without what does not concern the attempt. What a later version of `hybridcore.yaml` adds counts.
 */
export function builderDigest(builder: Builder): Digest {
  return digestOfJson(Object.fromEntries(Object.entries(builder).filter(([name]) => !notTheAttempts.has(name))));
}
