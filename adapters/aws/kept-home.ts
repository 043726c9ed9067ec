import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';

import { FailureError } from '../../core/failure-error.ts';
import { type KeptBucket, type Records } from '../../core/ports.ts';
import { dynamoRecords } from './dynamo-records.ts';
import { s3KeptBucket } from './s3-kept-bucket.ts';
import { errorName } from './service-failure.ts';

/** A connection that is not made, or on which nothing comes any more, must not keep an auditor. Milliseconds. */
const options = { requestHandler: { connectionTimeout: 5_000, socketTimeout: 60_000 } } as const;

export interface NamedHome {
  readonly bucket: string;
  readonly table: string;
}

/**
 * A deployed home as an audit reads it, with the credentials and the region of whoever asks. Where there is no such bucket or
 * table, FailureError USAGE: the name is what a person typed.
 */
export function keptHome({ bucket, table }: NamedHome): { readonly bucket: KeptBucket; readonly records: Records } {
  const [s3, dynamo] = [new S3Client(options), new DynamoDBClient(options)];
  s3.middlewareStack.add(mistyped(`--bucket ${bucket}`, 'bucket', ['NoSuchBucket', 'InvalidBucketName', 'PermanentRedirect']), outermost);
  dynamo.middlewareStack.add(mistyped(`--table ${table}`, 'table', ['ResourceNotFoundException']), outermost);
  return { bucket: s3KeptBucket(s3, bucket), records: dynamoRecords(dynamo, table) };
}

const outermost = { step: 'initialize', priority: 'high' } as const;

/** Goes around each call of a client. @param errors by which the service says that there is none of this name. */
function mistyped(named: string, what: string, errors: readonly string[]) {
  return <Input, Output>(next: (call: Input) => Promise<Output>) =>
    async (call: Input): Promise<Output> => {
      try {
        return await next(call);
      } catch (error) {
        if (!errors.includes(errorName(error) ?? '')) throw error;
        throw new FailureError(
          {
            rule: 'USAGE',
            message: `${named}: there is no such ${what} in this account and region (${errorName(error)})`,
            remedy: 'give the names that the outputs Bucket and Table of the stack have, and the credentials and the region of its account',
          },
          { cause: error },
        );
      }
    };
}
