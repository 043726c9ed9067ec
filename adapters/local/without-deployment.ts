import { type Announcements, type ArtifactCheck, type DeployedSource, type RetentionCheck } from '../../core/ports.ts';

/**
 * What one machine does without: nobody listens for final states, no account holds the artifacts, and builds are made from the
 * folder as it is, not from a source that was deployed.
 */
export const withoutDeployment: {
  readonly announcements: Announcements;
  readonly artifactCheck: ArtifactCheck;
  readonly deployedSource: DeployedSource;
  readonly retentionCheck: RetentionCheck;
} = {
  announcements: { announce: async () => undefined },
  artifactCheck: { look: async () => ({ state: 'there' }) },
  deployedSource: { fingerprint: async () => null },
  // Nothing goes there but by this program, which has the policy itself.
  retentionCheck: { look: async () => undefined },
};
