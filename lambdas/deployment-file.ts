import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { deploymentFile } from '../core/contract/deployment.ts';
import { type Deployment, parseDeployment } from '../core/deployment.ts';
import { FailureError } from '../core/failure-error.ts';

/**
 * Reads the `deployment.json` that lies beside a function's code.
 *
 * @throws FailureError DEPLOYMENT_INVALID with every fault of it.
 */
export function readDeployment(folder: string): Deployment {
  const file = join(folder, deploymentFile);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new FailureError(
      { rule: 'DEPLOYMENT_INVALID', message: `${file} cannot be read`, remedy: 'deploy again; `npm run synth` writes it beside the code' },
      { cause },
    );
  }
  const parsed = parseDeployment(text);
  if (!parsed.ok) throw new FailureError(parsed.failure);
  return parsed.value;
}
