import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';

import { keys } from '../../core/contract/keys.ts';
import { assertHandoverKey } from '../../core/contract/object-key.ts';
import { type RunId } from '../../core/identity.ts';
import { type Handover } from '../../core/ports.ts';
import { gzipLog } from '../local/gzip-log.ts';
import { type Wait } from './backoff.ts';
import { sendFile } from './s3-file.ts';
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
        write: (text) => log.write(text),
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
