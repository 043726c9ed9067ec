import { DescribeRegionsCommand, type EC2Client } from '@aws-sdk/client-ec2';

import { type Failure } from '../../core/failure.ts';
import { timestamp } from '../../core/identity.ts';
import { type ArtifactCheck, type ArtifactsFound } from '../../core/ports.ts';
import { type Claim, claimedResources } from './ec2-claims.ts';
import { type Ec2Resource, describeEc2 } from './ec2-resources.ts';
import { explained } from './service-failure.ts';

export interface Ec2ImagesOptions {
  /** The account of this deployment, which sees its own images and those that are shared with it. */
  readonly account: string;
  /** The region of this deployment, in which it is asked for the others. */
  readonly region: string;
}

/** How far the clocks of EC2 and of whoever started the attempt may be apart. Milliseconds. */
const clockTolerance = 120_000;

/** A build has no business with more; and to look for them may not take forever. */
const mostClaims = 1000;

/** States of an image in which it is there, or about to be. */
const standingStates: ReadonlySet<string> = new Set(['available', 'pending', 'transient']);

/**
 * Holds what a run claims to have made against EC2: the images of packer's amazon builders, and the volumes and snapshots
 * of `ebsvolume`. Each must be there, belong to the account or to one that the builder names, and be no older than the attempt.
 * What has another form (files, images of other clouds, AMIs that a script made and nobody claims) is not judged.
 *
 * A region that the account has not enabled holds nothing of it, and will not in a moment either: to claim something there is
 * false, not early.
 *
 * @param clientOf a client for a region.
 * @returns a check that throws FailureError STORAGE where EC2 throttles, refuses or does not answer.
 */
export function ec2Images(clientOf: (region: string) => EC2Client, options: Ec2ImagesOptions): ArtifactCheck {
  const { account, region } = options;
  return {
    async look(artifacts, { after, accounts }) {
      const claims = claimedResources(artifacts);
      if (claims.state === 'malformed') return unconfirmed('false', [`the run claims ${claims.claimed}, which is no id that EC2 gives`]);
      if (claims.resources.length > mostClaims)
        return unconfirmed('false', [
          `the run claims to have made ${claims.resources.length} images, and more than ${mostClaims} are not looked for`,
        ]);
      return lookAt(claims.resources, { after, owners: [account, ...accounts] });
    },
  };

  async function lookAt(claims: readonly Claim[], rightful: Rightful): Promise<ArtifactsFound> {
    const abroad = claims.some((claim) => claim.region !== region);
    const enabled = abroad ? await enabledRegions() : new Set([region]);
    const elsewhere = claims.filter((claim) => !enabled.has(claim.region));
    const here = claims.filter((claim) => enabled.has(claim.region));
    const found = await lookFor(here);
    const problems = [
      ...elsewhere.map(
        (claim) => `the run claims ${nameOf(claim)} in ${claim.region}, a region that the account ${account} has not enabled`,
      ),
      ...here.flatMap((claim) => {
        const resource = found.get(claim.id);
        return resource === undefined ? [] : (problemOf(claim, resource, rightful) ?? []);
      }),
    ];
    if (problems.length > 0) return unconfirmed('false', problems);
    const absent = here.filter(({ id }) => !found.has(id));
    if (absent.length === 0) return { state: 'there' };
    return unconfirmed(
      'absent',
      absent.map((claim) => `the run claims ${nameOf(claim)}, which EC2 in ${claim.region} does not show to the account ${account}`),
    );
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

  function problemOf(claim: Claim, { owner, made, state }: Ec2Resource, { owners, after }: Rightful): string | undefined {
    const name = nameOf(claim);
    if (owner !== null && !owners.includes(owner)) return `${name} belongs to the account ${owner}, not to ${owners.join(' or ')}`;
    if (state !== null && !standingStates.has(state)) return `${name} is ${state}`;
    if (made === null || made < after - clockTolerance)
      return `${name} was made ${made === null ? 'nobody knows when' : `at ${timestamp(made)}`}, but the attempt began at ${timestamp(after)}`;
    return undefined;
  }
}

/** What something has to be to have been made by a run. */
interface Rightful {
  /** Accounts. */
  readonly owners: readonly string[];
  /** No older than this: milliseconds since 1970. */
  readonly after: number;
}

/** As packer names it. */
function nameOf({ region, id }: Claim): string {
  return `${region}:${id}`;
}

function unconfirmed(state: 'absent' | 'false', problems: readonly string[]): ArtifactsFound {
  const [first] = problems;
  const failure: Failure = {
    rule: 'ARTIFACT_UNCONFIRMED',
    message: `${first}${problems.length > 1 ? `, and ${problems.length - 1} more artifacts do not hold` : ''}`,
    remedy:
      'where packer makes images in another account on purpose, share them with this one (`ami_users`) and name that account under `aws.image_accounts` of the builder; else find out what ran in that build and who could write what it handed over; then release the builder with `hybridcore-packer quarantine release`',
    evidence: problems.slice(0, 100),
  };
  return { state, failure };
}
