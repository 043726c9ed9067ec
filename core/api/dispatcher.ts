import { type Build } from '../build.ts';
import { type Config } from '../config.ts';
import { type Digest } from '../digest.ts';
import { type DispatchPorts } from '../dispatch.ts';
import { type Failure, type Outcome } from '../failure.ts';
import { type BuildId, type RunId } from '../identity.ts';
import { type ChannelPointers, type Objects } from '../ports.ts';
import { type WantedClass } from '../retention/change.ts';
import { type Turns } from '../turn.ts';
import { type Link } from './api-documents.ts';

/** Gives links to objects. */
export interface Links {
  /** A link to an object that lets in whoever has it, for a while; undefined where there is no such object. */
  link(key: string): Promise<Link | undefined>;
}

/** The place where every console begins. The others are the home's own, and mean nothing to whoever passes them on. */
export const consoleBeginning = '0';

/** What an answer holds of a console at most. Bytes. */
export const consolePiece = 256 * 1024;

/** What runs say while they are under way. */
export interface Consoles {
  /**
   * What the console of a run has from a place on, scrubbed; at most 256 KiB of it.
   *
   * @param after as `next` of the call before, untrusted; `consoleBeginning` at first.
   * @throws FailureError REQUEST_INVALID where the home has no such place.
   */
  read(run: RunId, after: string): Promise<{ readonly text: string; readonly next: string }>;
}

/** Of a place in a console that this home never gave. */
export function strangePlace(after: string): Failure {
  return { rule: 'REQUEST_INVALID', message: `query.after: ${after} is no place in this console`, remedy: 'pass on `next` as it came' };
}

/** The dispatcher behind an API. */
export interface ApiDispatcher {
  readonly config: Config;
  readonly ports: DispatchPorts & { readonly objects: Objects };
  /** Told of each builder for which something is due now. */
  readonly turns: Turns;
  /** The pointers outside that channels have, where the home has such. */
  readonly pointers?: ChannelPointers;
  readonly links: Links;
  readonly consoles: Consoles;
  /** Makes the diag bundle of a build and stores it (`keepBundle`). */
  readonly bundle: (build: Build) => Promise<Outcome<{ readonly path: string; readonly digest: Digest; readonly newer: Digest | null }>>;
  /** Gives all that a build left a higher retention class: `raiseClass`, or `raiseInBucket`. */
  readonly raise: (id: BuildId, wanted: WantedClass) => Promise<Outcome<Build>>;
  /** The hook, for words of a caller's that are kept. */
  readonly scrub: (text: string) => string;
  /** Gets what went wrong that nobody outside is told the whole of. */
  readonly tell: (problem: unknown) => void;
}

/** A request as a home got it. Untrusted but for who asks. */
export interface ApiRequest {
  readonly method: string;
  /** Path and query as they came: `/builders?limit=5`. */
  readonly target: string;
  /** The header `content-type`; undefined where there is none. */
  readonly contentType: string | undefined;
  readonly body: Uint8Array;
  /** Who asks, as the home knows it. */
  readonly by: string;
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A request that fits its operation, and what its domain needs. */
export interface Asked<Parameters, Query, Body> {
  readonly parameters: Parameters;
  readonly query: Query;
  readonly body: Body;
  readonly by: string;
}
