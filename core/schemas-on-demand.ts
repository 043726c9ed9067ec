/*
 * Schemas of what is read now and then only, each in a module without anything else: loaded with `import()` where there is
 * something to hold against them, since each takes time to make.
 */
export { AttemptReport } from './attempt-report.ts';
export { HashManifest } from './hash-manifest.ts';
export { ScrubManifest } from './scrub/scrub-manifest.ts';
