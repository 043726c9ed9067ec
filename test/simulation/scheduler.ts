import { type Choices } from './choices.ts';

/** What can befall an effect. `lost-answer`: it takes place, and the caller is told that it failed. `pause`: the caller sleeps before it. */
export const faults = ['none', 'crash-before', 'crash-after', 'throttle', 'lost-answer', 'pause'] as const;
export type Fault = (typeof faults)[number];

/** What befalls the next effect of an actor. */
export type FaultSource = (actor: Actor, effect: string) => Fault;

/** What an actor is told of an effect that failed, or whose answer was lost. */
export class WorldFault extends Error {}

/** One process of the simulated world. It runs alone between two effects, as if every effect took place at one moment. */
export interface Actor {
  readonly name: string;
  /** Whether faults befall it: operators and the sweep of the fair phase are spared. */
  readonly mortal: boolean;
  state: 'waiting' | 'running' | 'ended' | 'dead';
  /** What it waits for; it may go on from `from` on, milliseconds since 1970. */
  waiting: { readonly label: string; from: number; readonly go: (fault: Fault) => void; readonly effect: boolean };
}

export interface Step {
  readonly at: number;
  readonly actor: string;
  readonly effect: string;
  readonly fault: Fault;
}

const pauses = [10_000, 240_000, 360_000, 3_600_000] as const;

/** What an effect takes of the virtual time. Milliseconds. */
const effectTime = 10;

/**
 * Runs actors one effect at a time, on a virtual clock. Which actor goes next and what befalls it comes from the choices;
 * nothing here waits for real time.
 */
export class Scheduler {
  now: number;
  readonly steps: Step[] = [];
  readonly actors: Actor[] = [];
  faultSource: FaultSource = () => 'none';
  /** How much likelier it is that the actor that ran last goes on than that another one does. */
  steadiness = 4;
  readonly #choices: Choices;
  #last: Actor | undefined;
  #handBack: () => void = () => undefined;

  constructor(choices: Choices, now: number) {
    this.#choices = choices;
    this.now = now;
  }

  /** Adds an actor that begins at a time. What it throws ends it, as a process ends. */
  spawn(name: string, work: (actor: Actor) => Promise<void>, options: { readonly from?: number; readonly mortal?: boolean } = {}): Actor {
    const begin = () => {
      const end = () => {
        if (actor.state === 'running') actor.state = 'ended';
        this.#handBack();
      };
      void work(actor).then(end, end);
    };
    const actor: Actor = {
      name,
      mortal: options.mortal ?? true,
      state: 'waiting',
      waiting: { label: 'begins', from: options.from ?? this.now, go: begin, effect: false },
    };
    this.actors.push(actor);
    return actor;
  }

  /** An effect of an actor on the world: takes place when the scheduler lets it. */
  effect<T>(actor: Actor, label: string, work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const go = (fault: Fault) => {
        if (fault === 'crash-before') return this.#crash(actor);
        if (fault === 'throttle') return reject(new WorldFault(`throttled: ${label}`));
        if (fault === 'none') {
          work().then(resolve, reject);
          return undefined;
        }
        const lost = () => (fault === 'crash-after' ? this.#crash(actor) : reject(new WorldFault(`no answer: ${label}`)));
        work().then(lost, lost);
        return undefined;
      };
      this.#wait(actor, { label, from: this.now, go, effect: true });
    });
  }

  sleep(actor: Actor, milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      this.#wait(actor, { label: 'wakes', from: this.now + milliseconds, go: () => resolve(), effect: false });
    });
  }

  /** Ends an actor that waits: it never goes on. */
  kill(actor: Actor): void {
    if (actor.state === 'waiting') actor.state = 'dead';
  }

  /** Lets actors go on, one effect at a time, until `done` or until none can ever go on. */
  async run(done: () => boolean): Promise<void> {
    while (!done()) {
      const living = this.actors.filter((actor) => actor.state === 'waiting');
      if (this.actors.length > 2 * living.length + 8) this.actors.splice(0, this.actors.length, ...living);
      if (living.length === 0) return;
      const next = this.#choose(living);
      if (next === undefined) this.now = Math.min(...living.map((actor) => actor.waiting.from));
      else await this.#resume(next);
    }
  }

  #choose(living: readonly Actor[]): Actor | undefined {
    const ready = living.filter((actor) => actor.waiting.from <= this.now);
    if (ready.length <= 1) return ready[0];
    const last = this.#last;
    const ordered = last !== undefined && ready.includes(last) ? [last, ...ready.filter((actor) => actor !== last)] : ready;
    return ordered[this.#choices.pick(ordered.map((actor) => (actor === last ? this.steadiness : 1)))];
  }

  async #resume(actor: Actor): Promise<void> {
    const { label, go, effect } = actor.waiting;
    const fault = effect && actor.mortal ? this.faultSource(actor, label) : 'none';
    this.steps.push({ at: this.now, actor: actor.name, effect: label, fault });
    if (fault === 'pause') {
      actor.waiting.from = this.now + (pauses[this.#choices.pick(pauses.map(() => 1))] ?? 0);
      return;
    }
    this.#last = actor;
    if (effect) this.now += effectTime;
    actor.state = 'running';
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#handBack = resolve;
    go(fault);
    await promise;
  }

  #wait(actor: Actor, waiting: Actor['waiting']): void {
    actor.state = 'waiting';
    actor.waiting = waiting;
    this.#handBack();
  }

  #crash(actor: Actor): void {
    actor.state = 'dead';
    this.#handBack();
  }
}
