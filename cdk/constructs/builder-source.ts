import { type CfnProject } from 'aws-cdk-lib/aws-codebuild';
import { type PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { type Asset } from 'aws-cdk-lib/aws-s3-assets';

import { type Source } from '../../core/aws-settings.ts';
import { allow } from './permissions.ts';

/** Where a project's image repository comes from, and what its role needs for it. */
export interface BuilderSource {
  readonly properties: Omit<CfnProject.SourceProperty, 'buildSpec'>;
  /** The branch, tag or commit; null where the source is what was deployed. */
  readonly version: string | null;
  /** Where `hybridcore.yaml` is in it. */
  readonly configFile: string;
  readonly statements: readonly PolicyStatement[];
}

const gitTypes = { github: 'GITHUB', gitlab: 'GITLAB', bitbucket: 'BITBUCKET' } as const;

/** The repository as it was deployed, or a Git repository through a connection. */
export function builderSource(
  source: Source | undefined,
  { repository, configFile }: { readonly repository: Asset; readonly configFile: string },
): BuilderSource {
  if (source === undefined || source.type === 'asset') {
    return {
      properties: { type: 'S3', location: `${repository.s3BucketName}/${repository.s3ObjectKey}` },
      version: null,
      configFile,
      statements: [
        allow('FetchTheRepository', {
          actions: ['s3:GetObject', 's3:GetObjectVersion'],
          resources: [repository.bucket.arnForObjects(repository.s3ObjectKey)],
        }),
        allow('FindTheRepository', {
          actions: ['s3:GetBucketAcl', 's3:GetBucketLocation'],
          resources: [repository.bucket.bucketArn],
        }),
      ],
    };
  }
  const service = source.connection.includes(':codestar-connections:') ? 'codestar-connections' : 'codeconnections';
  return {
    properties: {
      type: gitTypes[source.type],
      location: source.repository,
      auth: { type: 'CODECONNECTIONS', resource: source.connection },
      reportBuildStatus: false,
    },
    version: source.ref,
    configFile: source.config,
    statements: [
      allow('CloneTheRepository', {
        actions: [`${service}:GetConnection`, `${service}:GetConnectionToken`],
        resources: [source.connection],
      }),
    ],
  };
}
