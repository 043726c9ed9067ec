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
