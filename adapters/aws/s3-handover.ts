import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';

import { keys } from '../../core/contract/keys.ts';
import { assertHandoverKey } from '../../core/contract/object-key.ts';
import { type RunId } from '../../core/identity.ts';
import { type Handover } from '../../core/ports.ts';
import { gzipLog } from '../local/gzip-log.ts';
import { type Wait, doubling } from './backoff.ts';
import { explained } from './service-failure.ts';

export interface S3HandoverOptions {
  readonly bucket: string;
  /** The run that hands over. */
  readonly run: RunId;
  /** Where an unfinished log is kept; the system's own folder for such files where it is left out. */
  readonly folder?: string;
  /** Lets so many milliseconds pass before a log that could not be sent is sent again. */
  readonly wait?: Wait;
}

/** How often a log is sent at most, and the first pause in between, which doubles. Milliseconds. */
const sending = { tries: 4, pause: 500 } as const;

/**
 * `incoming/<run>/` in a bucket. Each part is sent in one PutObject, the only call that this makes and needs a permission
 * for, so it appears whole or not at all. A key that lies anywhere else is a TypeError.
 *
 * A log is compressed into a file of the attempt's own while it is written, and sent from there when it is closed: memory
 * holds a piece of it at a time, and what kills the attempt before leaves nothing in the bucket. A multipart upload would
 * save the file, which is bounded (`logLimit`) and goes with the build's container, but needs three more calls and
 * leaves parts that somebody pays for.
 */
export function s3Handover(client: S3Client, options: S3HandoverOptions): Handover {
  const { bucket, run: of, folder = tmpdir(), wait = sleep } = options;
  const called = (subject: string) => ({ what: `the bucket ${bucket}`, action: 's3:PutObject', subject });
  return {
    async openLog(run) {
      const key = keys.incoming(run).log;
      assertHandoverKey(key, of);
      const own = await mkdtemp(join(folder, 'hybridcore-log-'));
      const file = join(own, 'packer.log.gz');
      const log = gzipLog(createWriteStream(file, { flags: 'wx', mode: 0o600 }));
      return {
        write: (line) => log.write(line),
        async close() {
          try {
            await log.close();
            await explained(called(`the log ${key}`), () => sendFile(client, { Bucket: bucket, Key: key }, file, wait));
          } finally {
            await rm(own, { recursive: true, force: true });
          }
        },
      };
    },
    async put(key, text) {
      assertHandoverKey(key, of);
      await explained(called(`the object ${key}`), () =>
        client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: new TextEncoder().encode(text), ChecksumAlgorithm: 'SHA256' })),
      );
    },
  };
}

/** Sends a file with the SHA-256 of its bytes. The SDK cannot send a stream a second time, so trying again is done here. */
async function sendFile(
  client: S3Client,
  place: { readonly Bucket: string; readonly Key: string },
  file: string,
  wait: Wait,
): Promise<void> {
  const { size } = await stat(file);
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(Buffer.from(chunk));
  const checksum = hash.digest('base64');
  for (let tried = 1; ; tried += 1) {
    try {
      await client.send(new PutObjectCommand({ ...place, Body: createReadStream(file), ContentLength: size, ChecksumSHA256: checksum }));
      return;
    } catch (error) {
      if (tried === sending.tries || isRefusal(error)) throw error;
      await wait(doubling(sending.pause, tried));
    }
  }
}

/** Whether S3 has answered that this attempt may not, or that there is no such bucket: sending it again would change nothing. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof Error) || !('$metadata' in error)) return false;
  const metadata: unknown = error.$metadata;
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) return false;
  return metadata.httpStatusCode === 403 || metadata.httpStatusCode === 404;
}
