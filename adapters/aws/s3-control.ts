import { setTimeout as sleep } from 'node:timers/promises';
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';

import { keys } from '../../core/contract/keys.ts';
import { type RunId } from '../../core/identity.ts';
import { type Control, type ControlWord } from '../../core/ports.ts';
import { errorName } from './service-failure.ts';

export interface S3ControlOptions {
  /** Tells whoever reads the run's own log what keeps it from hearing the dispatcher. */
  readonly say?: (text: string) => void;
  /** How often a waiting attempt looks for the dispatcher's word. Milliseconds. */
  readonly poll?: number;
}

/** A look that S3 has not answered by then counts as one that heard nothing. Milliseconds. */
const lookLimit = 10_000;

/**
 * `control/<run>/` in a bucket, as a running attempt sees it. It calls GetObject and nothing else. Since an attempt may not
 * list the bucket, S3 answers AccessDenied for a word that was not told yet, just as it would where the attempt may not
 * read there at all; so both are "not told", and only an attempt that has waited in vain says that it may have been the
 * permission. Any other error is "not heard yet" as well, said once for each kind; the next look may succeed.
 */
export function s3Control(
  client: S3Client,
  bucket: string,
  options: S3ControlOptions = {},
): Control & { isTold(run: RunId, word: ControlWord): Promise<boolean> } {
  const { say = (text) => process.stderr.write(`${text}\n`), poll = 1000 } = options;
  const said = new Set<string>();

  const look = async (run: RunId, word: ControlWord, interrupt?: AbortSignal): Promise<'told' | 'untold' | 'denied' | 'unheard'> => {
    const key = keys.control(run, word);
    const limit = AbortSignal.timeout(lookLimit);
    try {
      const abortSignal = interrupt === undefined ? limit : AbortSignal.any([limit, interrupt]);
      // That it is there is the word; who reads the bytes keeps the connection for the next look.
      await (await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }), { abortSignal })).Body?.transformToByteArray();
      return 'told';
    } catch (error) {
      const name = errorName(error) ?? 'an error without a name';
      if (name === 'NoSuchKey') return 'untold';
      if (name === 'AccessDenied') return 'denied';
      if (interrupt?.aborted !== true && !said.has(name)) {
        said.add(name);
        say(
          `The dispatcher's word ${key} could not be looked for: ${name}: ${error instanceof Error ? error.message : ''}. It is looked for again.`,
        );
      }
      return 'unheard';
    }
  };

  return {
    isTold: async (run, word) => (await look(run, word)) === 'told',
    async awaitGo(run, within, interrupt) {
      const deadline = performance.now() + within;
      while (!interrupt.aborted) {
        const heard = await look(run, 'go', interrupt);
        if (heard === 'told') return !interrupt.aborted;
        const left = deadline - performance.now();
        if (left <= 0) {
          if (heard === 'denied') say(deniedText(keys.control(run, 'go')));
          return false;
        }
        await pause(Math.min(poll, left), interrupt);
      }
      return false;
    },
  };
}

/** @returns when the time has passed, or at once where it is interrupted. */
async function pause(milliseconds: number, interrupt: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal: interrupt }).catch(() => undefined);
}

function deniedText(key: string): string {
  return (
    `S3 answered AccessDenied for ${key} to the end. That is what it answers where the dispatcher has told this run nothing; ` +
    "where the dispatcher has, the project's role lacks s3:GetObject on control/<its own run>/, or kms:Decrypt on the bucket's key."
  );
}
