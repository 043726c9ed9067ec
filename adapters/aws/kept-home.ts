import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';

import { type KeptBucket, type Records } from '../../core/ports.ts';
import { dynamoRecords } from './dynamo-records.ts';
import { s3KeptBucket } from './s3-kept-bucket.ts';

/** A connection that is not made, or on which nothing comes any more, must not keep an auditor. Milliseconds. */
const options = { requestHandler: { connectionTimeout: 5_000, socketTimeout: 60_000 } } as const;

export interface NamedHome {
  readonly bucket: string;
  readonly table: string;
}

/** A deployed home as an audit reads it, with the credentials and the region of whoever asks. */
export function keptHome({ bucket, table }: NamedHome): { readonly bucket: KeptBucket; readonly records: Records } {
  return { bucket: s3KeptBucket(new S3Client(options), bucket), records: dynamoRecords(new DynamoDBClient(options), table) };
}
