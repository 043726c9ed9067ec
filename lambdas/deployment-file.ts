import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { deploymentDigestFile, deploymentFile } from '../core/contract/deployment.ts';
import { type Deployment } from '../core/deployment.ts';
import { digestOf } from '../core/digest.ts';
import { FailureError } from '../core/failure-error.ts';

/**
 * Reads the `deployment.json` that lies beside a function's code. Where its digest lies there too, it was held against its
 * schema when it was written; else it is now, which takes a cold start longer than all that it then does.
 *
 * @throws FailureError DEPLOYMENT_INVALID with every fault of it.
 */
export async function readDeployment(folder: string): Promise<Deployment> {
  const text = textOf(join(folder, deploymentFile));
  if (text === undefined) {
    throw new FailureError({
      rule: 'DEPLOYMENT_INVALID',
      message: `there is no ${deploymentFile} beside the code of this function`,
      remedy: 'deploy again; `npm run synth` writes it',
    });
  }
  // It was parsed when this digest was written.
  // oxlint-disable-next-line no-unsafe-type-assertion
  if (textOf(join(folder, deploymentDigestFile))?.trim() === digestOf(text)) return JSON.parse(text) as Deployment;
  const { parseDeployment } = await import('./deployment-check.ts');
  const parsed = parseDeployment(text);
  if (!parsed.ok) throw new FailureError(parsed.failure);
  return parsed.value;
}

/** Undefined where it cannot be read. */
function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
