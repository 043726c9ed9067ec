import { type SealedManifest } from './builder-record.ts';
import { type BuilderName } from './identity.ts';
import { type ChainPorts, type InspectedChain, inspectChain } from './manifest-chain.ts';
import { type ChainBeginning } from './retention/chain-beginning.ts';

/** What the manifests of a builder come to. Without problems everything holds. */
export interface ChainReport extends InspectedChain {
  readonly builder: BuilderName;
  /** As the record of the builder has it; null where none was sealed. */
  readonly newest: SealedManifest | null;
  /** With which manifest the chain begins, where older ones have expired. */
  readonly begins: ChainBeginning | null;
}

/**
 * Holds every manifest of a builder, and every channel of it, against what was recorded; changes nothing. A builder
 * that was never built holds as long as nothing stands where its manifests would.
 */
export async function verifyChain(ports: ChainPorts, name: BuilderName): Promise<ChainReport> {
  for (;;) {
    const record = await ports.records.readBuilder(name);
    const newest = record?.newest ?? null;
    const begins = record?.chain_begins ?? null;
    const found = await inspectChain(ports, { builder: name, newest, chain_begins: begins });
    // A build that seals, or a channel that moves, in between: two moments were mixed up.
    if ((await ports.records.readBuilder(name))?.version === record?.version) return { builder: name, newest, begins, ...found };
  }
}
