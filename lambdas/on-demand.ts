import { type ArtifactCheck, type LongObjects, type Objects, type RetentionCheck } from '../core/ports.ts';
import { type Turns } from '../core/turn.ts';
import { type Outgoing } from './outgoing.ts';
import { type Runs } from './runs.ts';

/*
 * Ports whose adapters are loaded with their first call: a cold start pays for none that its first invocation does not
 * use, and each brings a client of its own.
 */

/** Loads with the first call, and again only where that failed. */
export function once<T>(load: () => Promise<T>): () => Promise<T> {
  let loaded: Promise<T> | undefined;
  return () => {
    loaded ??= load().catch((problem: unknown) => {
      loaded = undefined;
      throw problem;
    });
    return loaded;
  };
}

export function objectsOnDemand(objects: () => Promise<Objects & LongObjects>): Objects & LongObjects {
  return {
    create: async (key, content, tags) => (await objects()).create(key, content, tags),
    replace: async (key, content, tags, standing) => (await objects()).replace(key, content, tags, standing),
    read: async (key, limit) => (await objects()).read(key, limit),
    createFrom: async (key, content, tags) => (await objects()).createFrom(key, content, tags),
    open: async (key, wanted) => (await objects()).open(key, wanted),
    tags: async (key) => (await objects()).tags(key),
    list: async (prefix, page) => (await objects()).list(prefix, page),
    removeRun: async (run) => (await objects()).removeRun(run),
    tell: async (run, word, reason) => (await objects()).tell(run, word, reason),
  };
}

export function runsOnDemand(runs: () => Promise<Runs>): Runs {
  const buildService = async () => (await runs()).buildService;
  return {
    objects: objectsOnDemand(async () => (await runs()).objects),
    buildService: {
      start: async (request) => (await buildService()).start(request),
      look: async (asked) => (await buildService()).look(asked),
      stop: async (run) => (await buildService()).stop(run),
      forget: async (run) => (await buildService()).forget(run),
    },
  };
}

export function turnsOnDemand(turns: () => Promise<Turns>): Turns {
  return { send: async (turn, delay) => (await turns()).send(turn, delay) };
}

export function outgoingOnDemand(outgoing: () => Promise<Outgoing>): Outgoing {
  return {
    operators: { notify: async (notice) => (await outgoing()).operators.notify(notice) },
    announcements: { announce: async (end) => (await outgoing()).announcements.announce(end) },
  };
}

export function retentionCheckOnDemand(check: () => Promise<RetentionCheck>): RetentionCheck {
  return { look: async () => (await check()).look() };
}

export function artifactCheckOnDemand(check: () => Promise<ArtifactCheck>): ArtifactCheck {
  return { look: async (artifacts, made) => (await check()).look(artifacts, made) };
}
