/* What a run hands over, as `readHandedOver` loads it. */
export { AttemptReport } from './attempt-report.ts';
export { ScrubManifest } from './scrub/scrub-manifest.ts';
