import { GetObjectCommand, HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';

import { type Links } from '../../core/api/dispatcher.ts';
import { timestamp } from '../../core/identity.ts';
import { type Clock } from '../../core/ports.ts';
import { errorName, explained } from './service-failure.ts';

/** How long a link lets in whoever has it. Seconds. */
const lifetime = 900;

/**
 * Presigned links to the objects of a bucket: each to the version that stands there when it is made. It ends after a quarter of
 * an hour, or with the session that signed it, whichever comes first.
 */
export function s3Links(client: S3Client, { bucket, clock }: { readonly bucket: string; readonly clock: Clock }): Links {
  return {
    async link(key) {
      const place = { Bucket: bucket, Key: key };
      const called = { what: `the bucket ${bucket}`, action: 's3:GetObject', subject: `the object ${key}` };
      const found = await explained(called, () =>
        client.send(new HeadObjectCommand(place)).catch((error: unknown) => {
          // What has no body to name the error in is named by its status.
          if (['NotFound', 'NoSuchKey', '404'].includes(errorName(error) ?? '')) return undefined;
          throw error;
        }),
      );
      if (found === undefined) return undefined;
      const now = clock.now();
      const url = await getSignedUrl(client, new GetObjectCommand({ ...place, VersionId: found.VersionId }), {
        expiresIn: lifetime,
        signingDate: new Date(now),
      });
      return { url, expires_at: timestamp(now + lifetime * 1000), size: found.ContentLength ?? 0 };
    },
  };
}
