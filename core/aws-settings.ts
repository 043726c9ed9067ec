import { type Architecture } from './contract/packer-releases.ts';
import * as z from './zod.ts';

/** Sizes of the machines that CodeBuild runs a builder on: alone they are arm64, with `x86-` before them x86_64. */
export const computes = [
  'small',
  'medium',
  'large',
  'xlarge',
  '2xlarge',
  'x86-small',
  'x86-medium',
  'x86-large',
  'x86-xlarge',
  'x86-2xlarge',
] as const;
export type Compute = (typeof computes)[number];

/** What a builder runs on that does not say. */
export const defaultCompute: Compute = 'small';

/** What packer runs on: the image that it makes may be of another architecture. */
export function architectureOf(compute: Compute): Architecture {
  return compute.startsWith('x86-') ? 'linux_amd64' : 'linux_arm64';
}

// What a builder seldom has is made where one has it: every command reads the configuration, and waits for its schema.
const Vpc = z.lazy(() =>
  z.strictObject({
    id: z.string().check(z.regex(/^vpc-[0-9a-f]{8,17}$/, 'a VPC is named vpc-0123456789abcdef0')),
    subnets: z
      .array(z.string().check(z.regex(/^subnet-[0-9a-f]{8,17}$/, 'a subnet is named subnet-0123456789abcdef0')))
      .check(
        z.minLength(1, 'a VPC takes at least one subnet'),
        z.maxLength(16, 'CodeBuild takes at most 16 subnets'),
        z.describe('private ones, with a way out: packer, plugins and APIs are reached through it'),
      ),
    security_groups: z
      .array(z.string().check(z.regex(/^sg-[0-9a-f]{8,17}$/, 'a security group is named sg-0123456789abcdef0')))
      .check(z.minLength(1, 'a VPC takes at least one security group'), z.maxLength(5, 'CodeBuild takes at most 5 security groups')),
  }),
);

const Source = z.lazy(() => {
  const path = z
    .string()
    .check(
      z.maxLength(200),
      z.regex(/^(?!\/)(?!.*(?:^|\/)\.\.(?:\/|$))[^\\\0\n]+$/, 'a path is relative to the root of the Git repository and does not leave it'),
    );
  const git = {
    repository: z
      .string()
      .check(
        z.regex(/^https:\/\/[\w.-]+(?:\/[\w.~-]+){2,}$/, 'a Git repository is named by its https address: https://github.com/OWNER/NAME'),
      ),
    connection: z
      .string()
      .check(
        z.regex(
          /^arn:aws[a-z-]*:(?:codeconnections|codestar-connections):[a-z0-9-]+:\d{12}:connection\/[0-9a-f-]{36}$/,
          'a connection is named by its ARN: arn:aws:codeconnections:REGION:ACCOUNT:connection/ID',
        ),
      ),
    ref: z.withDefault(z.string().check(z.minLength(1)), 'main').check(z.describe('a branch, tag or commit')),
    config: z.withDefault(path, 'hybridcore.yaml').check(z.describe('where hybridcore.yaml is in it')),
  };
  return z.discriminatedUnion(
    'type',
    [
      z.strictObject({ type: z.literal('asset') }),
      z.strictObject({ type: z.literal('github'), ...git }),
      z.strictObject({ type: z.literal('gitlab'), ...git }),
      z.strictObject({ type: z.literal('bitbucket'), ...git }),
    ],
    { error: 'a source has a type: asset (the repository as it was deployed), github, gitlab or bitbucket' },
  );
});
export type Source = z.infer<typeof Source>;

const ConditionValue = z.union([z.string(), z.array(z.string()).check(z.minLength(1))], {
  error: 'a condition compares with a text or a list of texts',
});

/** What else packer may do for this builder: an IAM statement that allows. */
const PolicyStatement = z.lazy(() =>
  z.strictObject({
    actions: z
      .array(z.string().check(z.regex(/^[a-z0-9-]+:[A-Za-z0-9*]+$/, 'an action is named with its service: ec2:RunInstances')))
      .check(z.minLength(1, 'a statement has at least one action')),
    resources: z
      .array(z.string().check(z.regex(/^(?:\*|arn:.+)$/, 'a resource is an ARN, or "*"')))
      .check(z.minLength(1, 'a statement has at least one resource')),
    conditions: z.optional(z.record(z.string(), z.record(z.string(), ConditionValue))),
  }),
);

/** What only the deployed home needs of a builder. */
export const AwsSettings = z.strictObject({
  compute: z
    .optional(z.literal(computes, { error: `the compute is one of ${computes.join(', ')}` }))
    .check(z.describe("the machine's size, arm64, or x86-SIZE; small where it is missing")),
  image: z
    .optional(
      z
        .string()
        .check(
          z.regex(
            /^[a-z0-9][\w./-]*(?::[\w.-]+)?(?:@sha256:[0-9a-f]{64})?$/,
            'an image is named as docker does: NAME:TAG or NAME@sha256:DIGEST',
          ),
        ),
    )
    .check(z.describe("the build image; CodeBuild's own for Amazon Linux where it is missing")),
  vpc: z.optional(Vpc).check(z.describe('where packer must reach what only a VPC does')),
  source: z.optional(Source).check(z.describe('where the image repository comes from; asset where it is missing')),
  policies: z.optional(z.array(PolicyStatement)).check(z.describe('what packer may do for this builder')),
  image_accounts: z
    .optional(
      z
        .array(z.string().check(z.regex(/^\d{12}$/, 'an account is named by its 12 digits, in quotes: "123456789012"')))
        .check(z.maxLength(100)),
    )
    .check(z.describe('accounts that images may belong to beside that of the deployment, which they must be shared with')),
});
export type AwsSettings = z.infer<typeof AwsSettings>;
