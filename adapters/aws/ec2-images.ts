import { setTimeout as sleep } from 'node:timers/promises';
import { DescribeRegionsCommand, type EC2Client } from '@aws-sdk/client-ec2';

import { type Failure } from '../../core/failure.ts';
import { timestamp } from '../../core/identity.ts';
import { type ArtifactCheck } from '../../core/ports.ts';
import { type Wait } from './backoff.ts';
import { type Claim, claimedResources } from './ec2-claims.ts';
import { type Ec2Resource, describeEc2 } from './ec2-resources.ts';
import { explained } from './service-failure.ts';

export interface Ec2ImagesOptions {
  /** The account that whatever a run claims has to belong to. */
  readonly account: string;
  /** The region of this deployment, in which it is asked for the others. */
  readonly region: string;
  /** Lets so many milliseconds pass before what is not there yet is looked for again. */
  readonly wait?: Wait;
}

/** EC2 shows what was made a moment later: pauses after which what is not there is looked for again. Milliseconds. */
const pauses = [1000, 2000, 4000, 8000] as const;

/** How far the clocks of EC2 and of whoever started the attempt may be apart. Milliseconds. */
const clockTolerance = 120_000;

/** A build has no business with more; and to look for them may not take forever. */
const mostClaims = 1000;

/** States of an image in which it is there, or about to be. */
const standingStates: ReadonlySet<string> = new Set(['available', 'pending', 'transient']);

/**
 * Holds what a run claims to have made against EC2: the images of packer's amazon builders, and the volumes and snapshots
 * of `ebsvolume`. Each must be there, belong to the account, and be no older than the attempt. What has another form
 * (files, images of other clouds, AMIs that a script made and nobody claims) is not judged.
 *
 * A region that the account has not enabled holds nothing of it, which is a failure like an image that is not there:
 * else whoever names a region that does not exist could keep the build from ever ending.
 *
 * @param clientOf a client for a region.
 * @returns a check that throws FailureError STORAGE where EC2 throttles, refuses or does not answer.
 */
export function ec2Images(clientOf: (region: string) => EC2Client, options: Ec2ImagesOptions): ArtifactCheck {
  const { account, region, wait = sleep } = options;
  return {
    async problem(artifacts, { after }) {
      const claims = claimedResources(artifacts);
      if (claims.state === 'malformed') return unconfirmed([`the run claims ${claims.claimed}, which is no id that EC2 gives`]);
      if (claims.resources.length > mostClaims)
        return unconfirmed([
          `the run claims to have made ${claims.resources.length} images, and more than ${mostClaims} are not looked for`,
        ]);
      const problems = await problemsOf(claims.resources, after);
      return problems.length === 0 ? undefined : unconfirmed(problems);
    },
  };

  async function problemsOf(claims: readonly Claim[], after: number): Promise<readonly string[]> {
    const abroad = claims.some((claim) => claim.region !== region);
    const enabled = abroad ? await enabledRegions() : new Set([region]);
    const problems = claims
      .filter((claim) => !enabled.has(claim.region))
      .map((claim) => `the run claims ${nameOf(claim)} in ${claim.region}, a region that the account ${account} has not enabled`);
    let open = claims.filter((claim) => enabled.has(claim.region));
    for (let looked = 0; open.length > 0; looked += 1) {
      const found = await lookFor(open);
      for (const claim of open) {
        const resource = found.get(claim.id);
        const problem = resource === undefined ? undefined : problemOf(claim, resource, after);
        if (problem !== undefined) problems.push(problem);
      }
      open = open.filter((claim) => !found.has(claim.id));
      const pause = pauses[looked];
      if (pause === undefined) break;
      if (open.length > 0) await wait(pause);
    }
    return [
      ...problems,
      ...open.map((claim) => `the run claims ${nameOf(claim)}, which is not in ${claim.region}, or not for the account ${account} to see`),
    ];
  }

  async function lookFor(claims: readonly Claim[]): Promise<ReadonlyMap<string, Ec2Resource>> {
    const found = new Map<string, Ec2Resource>();
    for (const [where, ofRegion] of Map.groupBy(claims, (claim) => claim.region))
      for (const [kind, ofKind] of Map.groupBy(ofRegion, (claim) => claim.kind)) {
        const ids = ofKind.map((claim) => claim.id);
        const described = await describeEc2(clientOf(where), where, kind, ids);
        for (const resource of described) found.set(resource.id, resource);
      }
    return found;
  }

  async function enabledRegions(): Promise<ReadonlySet<string>> {
    const called = { what: `EC2 in ${region}`, action: 'ec2:DescribeRegions', subject: 'the regions of the account' };
    const { Regions = [] } = await explained(called, () => clientOf(region).send(new DescribeRegionsCommand({})));
    return new Set(Regions.flatMap(({ RegionName }) => (RegionName === undefined ? [] : [RegionName])));
  }

  function problemOf(claim: Claim, { owner, made, state }: Ec2Resource, after: number): string | undefined {
    const name = nameOf(claim);
    if (owner !== null && owner !== account) return `${name} belongs to the account ${owner}, not to ${account}`;
    if (state !== null && !standingStates.has(state)) return `${name} is ${state}`;
    if (made === null || made < after - clockTolerance)
      return `${name} was made ${made === null ? 'nobody knows when' : `at ${timestamp(made)}`}, but the attempt began at ${timestamp(after)}`;
    return undefined;
  }
}

/** As packer names it. */
function nameOf({ region, id }: Claim): string {
  return `${region}:${id}`;
}

function unconfirmed(problems: readonly string[]): Failure {
  const [first] = problems;
  return {
    rule: 'ARTIFACT_UNCONFIRMED',
    message: `${first}${problems.length > 1 ? `, and ${problems.length - 1} more artifacts do not hold` : ''}`,
    remedy:
      'find out what ran in that build and who could write what it handed over; then release the builder with `hybridcore-packer quarantine release`',
    evidence: problems.slice(0, 100),
  };
}
