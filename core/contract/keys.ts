import { type BuildId, type BuilderName, type RunId } from '../identity.ts';

/**
 * The keys of all objects: the same on S3 and, below the home folder, on disk. `cdk/` derives prefixes and
 * policies from them, so nothing else in the code spells one out.
 */
export const keys = {
  newestManifest: (builder: BuilderName) => `artifacts/${builder}.hash.json`,
  /** What all sealed manifests of a builder begin with. */
  manifests: (builder: BuilderName) => `artifacts/${builder}/`,
  manifest: (builder: BuilderName, build: BuildId) => `artifacts/${builder}/${build}.hash.json`,
  newestSummary: (builder: BuilderName) => `state/packer/logs/${builder}.json`,
  summary: (builder: BuilderName, build: BuildId) => `state/packer/logs/${builder}/${build}.json`,
  log: (builder: BuilderName, build: BuildId, attempt: number) => `state/packer/logs/${builder}/${build}/${attempt}.log.gz`,
  scrubManifest: (builder: BuilderName, build: BuildId, attempt: number) => `state/packer/scrub/${builder}/${build}/${attempt}.json`,
  result: (builder: BuilderName, build: BuildId) => `state/packer/results/${builder}/${build}.json`,
  diag: (builder: BuilderName, build: BuildId) => `diag/${builder}/${build}.tar.gz`,
  /** What the keys of all that a build leaves begin with; beside them its bytes may stand under the newest-of keys. */
  ofBuild: (builder: BuilderName, build: BuildId) =>
    ['artifacts', 'state/packer/logs', 'state/packer/scrub', 'state/packer/results', 'diag'].map(
      (folder) => `${folder}/${builder}/${build}`,
    ),
  incoming: (run: RunId) => ({
    report: `incoming/${run}/report.json`,
    log: `incoming/${run}/packer.log.gz`,
    scrubManifest: `incoming/${run}/scrub.json`,
  }),
  control: (run: RunId, word: 'go' | 'stop') => `control/${run}/${word}`,
} as const;
