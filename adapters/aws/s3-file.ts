import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { PutObjectCommand, type PutObjectCommandInput, type S3Client } from '@aws-sdk/client-s3';

import { type Wait, doubling } from './backoff.ts';

/** How often a file is sent at most, and the first pause in between, which doubles. Milliseconds. */
const sending = { tries: 4, pause: 500 } as const;

/** Sends a file with the SHA-256 of its bytes, and says so: S3 takes nothing into a locked class without. The SDK cannot send a stream a second time, so trying again is done here. */
export async function sendFile(
  client: S3Client,
  place: Omit<PutObjectCommandInput, 'Body' | 'ContentLength' | 'ChecksumSHA256'>,
  file: string,
  wait: Wait,
): Promise<void> {
  const { size } = await stat(file);
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(Buffer.from(chunk));
  const checksum = hash.digest('base64');
  for (let tried = 1; ; tried += 1) {
    try {
      await client.send(
        new PutObjectCommand({
          ...place,
          Body: createReadStream(file),
          ContentLength: size,
          ChecksumAlgorithm: 'SHA256',
          ChecksumSHA256: checksum,
        }),
      );
      return;
    } catch (error) {
      if (tried === sending.tries || isRefusal(error)) throw error;
      await wait(doubling(sending.pause, tried));
    }
  }
}

/** Whether S3 has answered that one may not, that there is no such bucket, or that a condition does not hold: sending it again would change nothing. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof Error) || !('$metadata' in error)) return false;
  const metadata: unknown = error.$metadata;
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) return false;
  return (
    metadata.httpStatusCode === 403 || metadata.httpStatusCode === 404 || metadata.httpStatusCode === 409 || metadata.httpStatusCode === 412
  );
}
