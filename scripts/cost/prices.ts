/** A list price of us-east-1, in dollars, without any free tier or discount. */
export interface Price {
  /** What is billed, as rows of the tables name it. */
  readonly per: string;
  /** Dollars for so many of them. */
  readonly dollars: number;
  readonly for: number;
  /** Where it was read, and the date that the page carries; null where it carries none. */
  readonly source: string;
  readonly dated: string | null;
}

/** When these were looked up. AWS publishes its own prices in a form that could not be read here, so the pages are others'. */
export const lookedUp = '2026-11-25';

const aMillion = 1_000_000;

export const prices = {
  buildMinute: {
    per: 'minute of CodeBuild, `x86-small`',
    dollars: 0.005,
    for: 1,
    source: 'https://c3x.dev/resources/aws/aws_codebuild_project/',
    dated: null,
  },
  functionSecond: {
    per: 'GB-second of Lambda on arm64',
    dollars: 0.000_013_333_4,
    for: 1,
    source: 'https://wring.co/blog/aws-lambda-pricing-guide',
    dated: '2026-03-08',
  },
  invocation: {
    per: 'invocation of a function',
    dollars: 0.2,
    for: aMillion,
    source: 'https://wring.co/blog/aws-lambda-pricing-guide',
    dated: '2026-03-08',
  },
  apiRequest: {
    per: 'request to a REST API of API Gateway',
    dollars: 3.5,
    for: aMillion,
    source: 'https://awsforengineers.com/blog/aws-api-gateway-pricing-explained',
    dated: '2025-05-19',
  },
  readUnit: {
    per: 'read unit of DynamoDB, on demand',
    dollars: 0.125,
    for: aMillion,
    source: 'https://airbyte.com/data-engineering-resources/dynamodb-pricing',
    dated: '2025-07-21',
  },
  writeUnit: {
    per: 'write unit of DynamoDB, on demand',
    dollars: 0.625,
    for: aMillion,
    source: 'https://airbyte.com/data-engineering-resources/dynamodb-pricing',
    dated: '2025-07-21',
  },
  objectRead: {
    per: 'read of S3',
    dollars: 0.0004,
    for: 1000,
    source: 'https://devnotes.tech/understanding-aws-s3-pricing-a-complete-cost-breakdown-with-examples',
    dated: null,
  },
  objectWrite: {
    per: 'write or list of S3',
    dollars: 0.005,
    for: 1000,
    source: 'https://devnotes.tech/understanding-aws-s3-pricing-a-complete-cost-breakdown-with-examples',
    dated: null,
  },
  queueRequest: {
    per: 'request to SQS',
    dollars: 0.4,
    for: aMillion,
    source: 'https://cloudburn.io/blog/amazon-sqs-pricing',
    dated: '2026-03-14',
  },
  event: {
    per: 'event on a bus of EventBridge',
    dollars: 1,
    for: aMillion,
    source: 'https://cloudburn.io/blog/amazon-eventbridge-pricing',
    dated: '2026-03-13',
  },
  schedule: {
    per: 'invocation by EventBridge Scheduler',
    dollars: 1,
    for: aMillion,
    source: 'https://cloudburn.io/blog/amazon-eventbridge-pricing',
    dated: '2026-03-13',
  },
  logGigabyte: {
    per: 'GB of logs taken by CloudWatch',
    dollars: 0.5,
    for: 1,
    source: 'https://www.factualminds.com/blog/amazon-cloudwatch-pricing-metrics-logs-alarms-dashboards/',
    dated: '2026-06-13',
  },
  metric: {
    per: 'metric of our own in CloudWatch, a month',
    dollars: 0.3,
    for: 1,
    source: 'https://signoz.io/guides/cloudwatch-pricing',
    dated: '2026-02-15',
  },
  alarm: {
    per: 'metric of an alarm, a month',
    dollars: 0.1,
    for: 1,
    source: 'https://c3x.dev/resources/aws/aws_cloudwatch_metric_alarm',
    dated: null,
  },
  dashboard: {
    per: 'dashboard, a month',
    dollars: 3,
    for: 1,
    source: 'https://www.factualminds.com/blog/amazon-cloudwatch-pricing-metrics-logs-alarms-dashboards/',
    dated: '2026-06-13',
  },
  key: {
    per: 'key of KMS, a month, before its first rotation',
    dollars: 1,
    for: 1,
    source: 'https://cloudburn.io/blog/aws-kms-pricing',
    dated: '2026-03-14',
  },
} as const satisfies Readonly<Record<string, Price>>;
export type Priced = keyof typeof prices;
