import { resolve } from 'node:path';

import { type ConfigFile, findConfigFile, readConfigFile } from '../adapters/local/config-file.ts';
import { nearestName } from '../adapters/local/nearest-name.ts';
import { type Builder, type Config } from '../core/config.ts';
import { type Outcome, failure, success } from '../core/failure.ts';
import { BuilderName } from '../core/identity.ts';
import { secretsAtHand } from '../adapters/local/environment-secrets.ts';
import { type SecretValue } from '../core/scrub/known-values.ts';
import { knownSecrets } from '../core/scrub/known-secrets.ts';
import { type Outgoing } from '../core/scrub/outgoing.ts';
import { type Terminal } from './terminal.ts';

/** What every command gets: the terminal, the options that hold everywhere, and how it was called. */
export interface Host {
  readonly terminal: Terminal;
  /** What everything passes that is said on the terminal; it learns what must not be said as that becomes known. */
  readonly outgoing: Outgoing;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly workingFolder: string;
  /** The words after the program's name. */
  readonly words: readonly string[];
  /** The command line that was asked for, scrubbed. */
  readonly command: string;
}

export interface GlobalOptions {
  readonly config?: string;
  readonly home?: string;
  readonly json?: boolean;
}

export interface Repository extends ConfigFile {
  /** Where the objects and records are: the repository's root, or what `--home` names. Absolute. */
  readonly home: string;
}

/** The image repository that a command is about. */
export function openRepository(host: Host, options: GlobalOptions): Outcome<Repository> {
  const file = findConfigFile(host.workingFolder, options.config);
  if (!file.ok) return file;
  const read = readConfigFile(file.value);
  if (!read.ok) return read;
  host.outgoing.learn(secretsOf(host, read.value.config));
  return success({ ...read.value, home: options.home === undefined ? read.value.root : resolve(host.workingFolder, options.home) });
}

/** The secrets of all builders that are at hand here. */
export function secretsOf({ environment }: Host, { builders }: Config): SecretValue[] {
  return Object.values(builders).flatMap((builder) => knownSecrets(secretsAtHand(environment, builder)));
}

/** The builders of a configuration, in their order. */
export function builderNames(config: Config): BuilderName[] {
  return Object.keys(config.builders).map((name) => BuilderName.parse(name));
}

/** A builder by the name that a person typed. */
export function findBuilder(config: Config, typed: string): Outcome<{ name: BuilderName; builder: Builder }> {
  const name = BuilderName.safeParse(typed);
  const builder = name.success && Object.hasOwn(config.builders, typed) ? config.builders[name.data] : undefined;
  if (name.success && builder !== undefined) return success({ name: name.data, builder });
  const known = Object.keys(config.builders);
  const near = nearestName(typed, known);
  return failure(
    'BUILDER_UNKNOWN',
    `hybridcore.yaml has no builder ${JSON.stringify(typed)}`,
    near === undefined ? `it has: ${known.join(', ')}` : `did you mean ${near}? It has: ${known.join(', ')}`,
  );
}
