import * as z from 'zod';

/** What a target of the template left, as packer names it. */
export const Artifact = z.strictObject({
  /** Packer's artifact id, for instance `us-east-1:ami-0a1b...`; sorted and comma-joined over several regions. */
  id: z.string(),
  /** The type of the builder in packer's words, for instance `amazon-ebs`; null where the output did not tell. */
  type: z.string().nullable(),
  /** The id of the component that made it, for instance `mitchellh.amazonebs`; null where only the manifest record tells of it. */
  builder_id: z.string().nullable(),
  /** The target: `amazon-ebs.base`, or with the name of its build block before it. */
  name: z.string(),
  files: z.array(z.string()),
});
export type Artifact = z.infer<typeof Artifact>;

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
