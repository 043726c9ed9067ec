import { type Artifact } from '../../core/artifact.ts';

/** What EC2 calls them, by how their ids begin. */
const kinds = { ami: 'images', vol: 'volumes', snap: 'snapshots' } as const;
export type Ec2Kind = (typeof kinds)[keyof typeof kinds];

/** Something of EC2 that a run claims to have made. */
export interface Claim {
  readonly kind: Ec2Kind;
  readonly region: string;
  readonly id: string;
}

export type Claims =
  | { readonly state: 'read'; readonly resources: readonly Claim[] }
  | { readonly state: 'malformed'; readonly claimed: string };

/** `us-east-1:ami-0a1b...`, of which packer joins several with commas. A region becomes a part of a host's name, so its form is held strictly. */
const resource = /^([a-z]{2,5}(?:-[a-z]{1,12}){1,3}-\d{1,2}):((ami|vol|snap)-[0-9a-f]{8,17})$/;

/** Types and component ids of packer's builders whose artifacts have such ids and no others. */
const types = /^amazon-(?:ebs|ebssurrogate|ebsvolume|instance|chroot)$/;
const components = /^mitchellh\.amazon(?:ebs|\.(?:ebssurrogate|ebsvolume|instance|chroot))$/;

/** Another cloud whose images have ids of the same form. */
const elsewhere = /outscale/;

/** What the artifacts of a run claim of EC2. Of whichever type an artifact says it is, an id of EC2's form is such a claim. */
export function claimedResources(artifacts: readonly Artifact[]): Claims {
  const claims = new Map<string, Claim>();
  for (const artifact of artifacts) {
    if (elsewhere.test(`${artifact.type} ${artifact.builder_id}`)) continue;
    for (const part of artifact.id.split(',')) {
      const [, region, id, prefix] = resource.exec(part.trim()) ?? [];
      if (region !== undefined && id !== undefined && isPrefix(prefix)) claims.set(`${region}:${id}`, { kind: kinds[prefix], region, id });
      else if (part !== '' && isOfAmazon(artifact)) return { state: 'malformed', claimed: JSON.stringify(part.slice(0, 200)) };
    }
  }
  return { state: 'read', resources: [...claims.values()] };
}

/**
 * Whether an artifact is an amazon builder's own, whose id must have EC2's form. The manifest's record names the builder
 * also for what a post-processor made of the image: that has files.
 */
function isOfAmazon({ type, builder_id: component, files }: Artifact): boolean {
  return component === null ? types.test(type ?? '') && files.length === 0 : components.test(component);
}

function isPrefix(text: string | undefined): text is keyof typeof kinds {
  return text !== undefined && Object.hasOwn(kinds, text);
}
