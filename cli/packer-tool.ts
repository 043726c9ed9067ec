import { join } from 'node:path';

import { findPacker } from '../adapters/packer/find-packer.ts';
import { type Outcome } from '../core/failure.ts';
import { type PackerTool } from '../core/ports.ts';
import { type Host } from './host.ts';

/** Packer as this machine has it: on the search path, or where `scripts/setup.mjs` put it. */
export function findTool(host: Host): Promise<Outcome<PackerTool>> {
  return findPacker({ path: host.environment['PATH'], cache: join(import.meta.dirname, '..', '.cache', 'packer') });
}
