import { architectureOf, defaultCompute } from '../../core/aws-settings.ts';
import { type Builder } from '../../core/config.ts';
import { type Outcome, success } from '../../core/failure.ts';
import { type BuilderName } from '../../core/identity.ts';
import { type PackerRelease, defaultPackerVersion, packerRelease } from '../../core/packer-release.ts';

/** The machine that a builder's runs get, in CodeBuild's words. */
export interface BuildMachine {
  readonly type: 'ARM_CONTAINER' | 'LINUX_CONTAINER';
  readonly computeType: string;
  readonly image: string;
  /** Whether the image is pulled with the role of the project: CodeBuild's own images are not. */
  readonly pulledByRole: boolean;
  /** The repository of a private image in ECR, whose pull the role has to be allowed; null for any other. */
  readonly repository: EcrRepository | null;
}

export interface EcrRepository {
  readonly account: string;
  readonly region: string;
  readonly name: string;
}

const standardImages = {
  linux_arm64: 'aws/codebuild/amazonlinux-aarch64-standard:3.0',
  linux_amd64: 'aws/codebuild/amazonlinux-x86_64-standard:5.0',
} as const;

/** The machine of a builder; without `aws.compute` the smallest of arm64. */
export function buildMachine({ aws }: Pick<Builder, 'aws'>): BuildMachine {
  const compute = aws?.compute ?? defaultCompute;
  const architecture = architectureOf(compute);
  const image = aws?.image ?? standardImages[architecture];
  return {
    type: architecture === 'linux_arm64' ? 'ARM_CONTAINER' : 'LINUX_CONTAINER',
    computeType: `BUILD_GENERAL1_${compute.replace(/^x86-/, '').toUpperCase()}`,
    image,
    pulledByRole: !image.startsWith('aws/codebuild/'),
    repository: ecrRepository(image),
  };
}

function ecrRepository(image: string): EcrRepository | null {
  const parts = /^(?<account>\d{12})\.dkr\.ecr\.(?<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?\/(?<name>[^:@]+)/.exec(image)?.groups;
  const { account, region, name } = parts ?? {};
  return account === undefined || region === undefined || name === undefined ? null : { account, region, name };
}

/**
 * The packer that a builder's runs install, by its checksum: the pinned one, else the default on CodeBuild's own images. Null
 * where an image of one's own brings it. CONFIG_INVALID where nobody knows the checksum.
 */
export function installedPacker(name: BuilderName, builder: Builder): Outcome<PackerRelease | null> {
  const { aws, packer } = builder;
  if (packer === undefined && aws?.image !== undefined) return success(null);
  return packerRelease(
    name,
    { ...builder, packer: packer ?? { version: defaultPackerVersion } },
    architectureOf(aws?.compute ?? defaultCompute),
  );
}
