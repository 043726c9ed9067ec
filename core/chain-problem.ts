import { type SealedManifest } from './builder-record.ts';
import { type Digest } from './digest.ts';
import { type Failure } from './failure.ts';
import { type BuildId, type BuilderName } from './identity.ts';
import { type ChainBeginning } from './retention/chain-beginning.ts';

/** How a chain of manifests can fail to hold. Each says where, so that a person knows what to look at. */
export type ChainProblem =
  /** The records name a manifest, and nothing stands at its key. */
  | { readonly problem: 'missing'; readonly key: string; readonly build: BuildId }
  /** What stands at a manifest's key is none. */
  | { readonly problem: 'unreadable'; readonly key: string; readonly why: string }
  /** The manifest is not the one that was sealed: nothing else knows the digest that it has. */
  | { readonly problem: 'altered'; readonly key: string; readonly digest: Digest; readonly recorded: Digest }
  /** The record of the build is not what it was: the chain after it, or the record of the builder, knows the manifest as it is. */
  | { readonly problem: 'recorded-otherwise'; readonly key: string; readonly digest: Digest; readonly recorded: Digest }
  /** A manifest that no build sealed. */
  | { readonly problem: 'foreign'; readonly key: string }
  /** Several manifests claim one place. */
  | { readonly problem: 'fork'; readonly sequence: number; readonly keys: readonly string[] }
  /** A place that no manifest has, before one that is there. */
  | { readonly problem: 'hole'; readonly sequence: number; readonly key: string }
  /** A manifest names another one before it than the one that is there; null: none. */
  | { readonly problem: 'unlinked'; readonly key: string; readonly names: Digest | null; readonly before: string | null }
  /** The record of the builder names a beginning of the chain that is not there. */
  | { readonly problem: 'beginning'; readonly recorded: ChainBeginning; readonly first: string | null }
  /** The record of the builder names another newest manifest than the last of the chain; null: none. */
  | { readonly problem: 'head'; readonly recorded: SealedManifest | null; readonly last: string | null }
  /** The newest-of key does not show the newest manifest. */
  | { readonly problem: 'pointer'; readonly key: string; readonly newest: string | null; readonly found: string }
  /** The record of some request variables names another newest manifest of theirs than the last of the chain. */
  | { readonly problem: 'variables'; readonly newest: string; readonly why: string }
  /** A channel points to a manifest that is not in the chain as the channel's record has it. */
  | { readonly problem: 'channel'; readonly channel: string; readonly why: string };

/** The names of the problems, in the order above: what automation tells them apart by. */
export const chainProblemNames = [
  'missing',
  'unreadable',
  'altered',
  'recorded-otherwise',
  'foreign',
  'fork',
  'hole',
  'unlinked',
  'beginning',
  'head',
  'pointer',
  'variables',
  'channel',
] as const satisfies readonly ChainProblem['problem'][];

/** How many problems are told one by one. */
const mostTold = 100;

/** A chain that does not hold, as a failure: the first problem, with all of them as its evidence. */
export function chainFailure(builder: BuilderName, problems: readonly [ChainProblem, ...ChainProblem[]]): Failure {
  const sentences = problems.map((problem) => problemSentence(problem));
  const more = problems.length === 1 ? '' : ` (and ${problems.length - 1} more)`;
  return brokenChain(builder, `${sentences[0]}${more}`, sentences.slice(0, mostTold));
}

/** A failure because of what the manifests of a builder, or what the records say of them, do not hold. */
export function brokenChain(builder: BuilderName, message: string, evidence: readonly string[]): Failure {
  return {
    rule: 'CHAIN_BROKEN',
    message,
    remedy: `find out who changed it, and keep what you find as evidence elsewhere; when what was sealed for ${builder} is back from a backup, publish again`,
    evidence,
  };
}

/** What is wrong, and where, as a person reads it. */
export function problemSentence(problem: ChainProblem): string {
  switch (problem.problem) {
    case 'missing':
      return `${problem.key} is missing, which the build ${problem.build} sealed`;
    case 'unreadable':
      return `${problem.key} cannot be read as a hash manifest: ${problem.why}`;
    case 'altered':
      return `${problem.key} was altered: its digest is ${problem.digest}, and ${problem.recorded} was recorded when it was sealed`;
    case 'recorded-otherwise':
      return `the record of ${problem.key} was altered: it names the digest ${problem.recorded}, and the manifest has ${problem.digest}, as what comes after it says`;
    case 'foreign':
      return `${problem.key} was sealed by no build that is recorded`;
    case 'fork':
      return `the chain forks: ${problem.keys.join(' and ')} are each number ${problem.sequence}`;
    case 'hole':
      return `the chain has a hole: number ${problem.sequence} is missing before ${problem.key}`;
    case 'unlinked':
      return problem.before === null
        ? `${problem.key} is the first of the chain, and names ${problem.names ?? 'none'} before it`
        : `${problem.key} names ${problem.names ?? 'none'} before it, which is not the digest of ${problem.before}`;
    case 'beginning':
      return `the record of the builder says that the chain begins with number ${problem.recorded.sequence} of the build ${problem.recorded.build_id} with the digest ${problem.recorded.digest}, and it begins with ${problem.first ?? 'none'}`;
    case 'head':
      return `the record of the builder calls ${problem.recorded === null ? 'no manifest' : `${problem.recorded.path} with the digest ${problem.recorded.digest}`} the newest, and the chain ends with ${problem.last ?? 'none'}`;
    case 'pointer':
      return `${problem.key} ${problem.found}, and ${problem.newest === null ? 'no manifest was sealed' : `is to be a copy of ${problem.newest}`}`;
    case 'variables':
      return `${problem.newest} is the newest manifest of its variables, and their record ${problem.why}`;
    case 'channel':
      return `the channel ${problem.channel} ${problem.why}`;
  }
}
