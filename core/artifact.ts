import { jsonSize } from './bounded-text.ts';
import * as z from './zod.ts';

/** What a target of the template left, as packer names it. */
export const Artifact = z.strictObject({
  /** Packer's artifact id, for instance `us-east-1:ami-0a1b...`; sorted and comma-joined over several regions. */
  id: z.string(),
  /** The type of the builder in packer's words, for instance `amazon-ebs`; null where the output did not tell. */
  type: z.nullable(z.string()),
  /** The id of the component that made it, for instance `mitchellh.amazonebs`; null where only the manifest record tells of it. */
  builder_id: z.nullable(z.string()),
  /** The target: `amazon-ebs.base`, or with the name of its build block before it. */
  name: z.string(),
  files: z.array(z.string()),
});
export type Artifact = z.infer<typeof Artifact>;

/** What the artifacts of one attempt take in a record at most, in bytes as JSON. Objects hold them whole. */
const longestRecorded = 32 * 1024;

/** The artifacts of an attempt as a record holds them. */
export const RecordedArtifacts = z
  .array(Artifact)
  .check(z.refine((artifacts) => jsonSize(artifacts) <= longestRecorded, `at most ${longestRecorded} bytes as JSON`));

/**
 * Artifacts as a record holds them. Where they take too much it holds them without their files, and as many of them as fit.
 *
 * @returns `shortened`: whether something is left out.
 */
export function recordedArtifacts(artifacts: readonly Artifact[]): { readonly artifacts: Artifact[]; readonly shortened: boolean } {
  if (jsonSize(artifacts) <= longestRecorded) return { artifacts: [...artifacts], shortened: false };
  let left = longestRecorded - jsonSize([]);
  const kept = artifacts
    .map((artifact) => ({ ...artifact, files: [] }))
    .filter((artifact) => {
      const size = jsonSize(artifact) + 1;
      if (size > left) return false;
      left -= size;
      return true;
    });
  return { artifacts: kept, shortened: true };
}

const builderType =
  /^(?:file|null|docker|lxc|lxd|podman|qemu|cloudstack|digitalocean|hcloud|linode|oneandone|openstack|profitbricks|scaleway|vagrant|yandex|googlecompute|ncloud|(?:alicloud|amazon|azure|hyperv|ibmcloud|nutanix|oracle|parallels|proxmox|tencentcloud|virtualbox|vmware|vsphere|vultr|xenserver|outscale)(?:-[a-z0-9]+)*)$/;

/**
 * The builder's type as a target's name tells it: `demo.amazon-ebs.base` (HCL2) and an unnamed `amazon-ebs`
 * (JSON). Null where it does not: JSON templates may name a builder anything.
 */
export function artifactTypeOf(target: string): string | null {
  const type = target.includes('.') ? target.split('.').at(-2) : target;
  return type !== undefined && builderType.test(type) ? type : null;
}
