import { type SealedManifest } from './builder-record.ts';
import { type ChainProblem } from './chain-problem.ts';
import { type Channel } from './channel.ts';
import { type BuilderName } from './identity.ts';
import { type ChainLink, type ChainPorts, inspectChain } from './manifest-chain.ts';
import { allPages } from './pages.ts';

/** What the manifests of a builder come to. */
export interface ChainReport {
  readonly builder: BuilderName;
  /** Those that are what was recorded when they were sealed, the first one first. */
  readonly links: readonly ChainLink[];
  /** As the record of the builder has it; null where none was sealed. */
  readonly newest: SealedManifest | null;
  readonly channels: readonly Channel[];
  /** Empty where everything holds. */
  readonly problems: readonly ChainProblem[];
}

/**
 * Holds every manifest of a builder, and every channel of it, against what was recorded; changes nothing. A builder
 * that was never built holds as long as nothing stands where its manifests would.
 */
export async function verifyChain(ports: ChainPorts, name: BuilderName): Promise<ChainReport> {
  for (;;) {
    const record = await ports.records.readBuilder(name);
    const newest = record?.newest ?? null;
    const { links, problems } = await inspectChain(ports, { builder: name, newest }, []);
    const channels = await allPages((page) => ports.records.listChannels(name, page));
    // A build that seals, or a channel that moves, in between: two moments were mixed up.
    if ((await ports.records.readBuilder(name))?.version !== record?.version) continue;
    return { builder: name, links, newest, channels, problems: [...problems, ...channelProblems(links, channels)] };
  }
}

function channelProblems(links: readonly ChainLink[], channels: readonly Channel[]): readonly ChainProblem[] {
  const digests = new Map(links.map(({ build_id: id, digest }) => [id, digest]));
  return channels.flatMap(({ channel, published }) => {
    const digest = digests.get(published.build_id) ?? null;
    return digest === published.digest ? [] : [{ problem: 'channel', channel, published, digest }];
  });
}
