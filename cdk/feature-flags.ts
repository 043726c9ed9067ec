/** How the CDK is to behave where it has a choice for the sake of older apps. */
export const featureFlags: Readonly<Record<string, boolean | readonly string[]>> = {
  '@aws-cdk/aws-iam:minimizePolicies': false,
  '@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy': true,
  '@aws-cdk/aws-s3:publicAccessBlockedByDefault': true,
  '@aws-cdk/core:checkSecretUsage': true,
  // Blanks count, too, where CloudFormation measures a template.
  '@aws-cdk/core:suppressTemplateIndentation': true,
  '@aws-cdk/core:target-partitions': ['aws', 'aws-cn', 'aws-us-gov'],
};
