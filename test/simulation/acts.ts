import { advance } from '../../core/advance.ts';
import { type Build } from '../../core/build.ts';
import { channelIdOf } from '../../core/channel.ts';
import { type CompletePorts } from '../../core/complete.ts';
import { type Config } from '../../core/config.ts';
import { keys } from '../../core/contract/keys.ts';
import { type DispatchPorts, dispatch } from '../../core/dispatch.ts';
import { type Outcome } from '../../core/failure.ts';
import { fingerprintOf } from '../../core/fingerprint.ts';
import { type BuilderName } from '../../core/identity.ts';
import { type Input } from '../../core/input.ts';
import { type PublishPlan, type PublishPorts, publish } from '../../core/publish.ts';
import { releaseQuarantine } from '../../core/quarantine.ts';
import { handleRunEvent } from '../../core/run-event.ts';
import { isFinal } from '../../core/states.ts';
import { stopBuild } from '../../core/stop.ts';
import { type Turns } from '../../core/turn.ts';
import { buildIdOf, runNamed } from '../fixtures/records.ts';
import { type Answered } from './answers.ts';
import { type MemoryObjects } from './memory-objects.ts';
import { type MemoryRecords } from './memory-records.ts';
import { type Publishing } from './publishing.ts';
import { type Act } from './scenario.ts';
import { type Actor, type Scheduler } from './scheduler.ts';
import { type Violate } from './violation.ts';

/** After how many milliseconds who insists tries again. */
const publishEvery = 4 * 60_000;

/** How long a read takes over a slow line. Milliseconds. */
const slowRead = 4 * 60_000;

/** What those who do something meet, and what is remembered of it. */
export interface ActWorld {
  readonly scheduler: Scheduler;
  readonly records: MemoryRecords;
  readonly objects: MemoryObjects;
  /** What the dispatcher was deployed with. */
  readonly config: () => Config;
  portsOf(actor: Actor): CompletePorts & DispatchPorts & { readonly turns: Turns };
  /** Whether who asks leaves the rest to the queue, as the functions do. */
  readonly deployed: boolean;
  /** @param behind how many changes ago. */
  inputsOf(builder: BuilderName, variables: Readonly<Record<string, string>>, behind?: number): readonly Input[];
  changeInputs(builder: BuilderName): void;
  /** Somebody declares a builder otherwise in the repository. */
  redeclare(builder: BuilderName): void;
  /** The dispatcher is given what is declared in the repository. */
  deploy(): void;
  /** Somebody changes the rules of the bucket, so that they keep what the policy promises or do not. */
  changeRules(kept: boolean): void;
  readonly answers: Answered[];
  /** The builds as those who stopped them were given them. */
  readonly stops: Build[];
  readonly publishings: Publishing[];
  readonly planted: Set<string>;
  /** Nobody meets an error that is not a fault of the world. */
  assertWorldFault(cause: unknown): void;
  ignoringFaults(work: () => Promise<unknown>): Promise<void>;
  /** Handles an event, again where that failed. */
  deliver(actor: Actor, handle: () => Promise<void>): Promise<void>;
  readonly violate: Violate;
}

/** Does what a scenario wants done. */
export function performer(world: ActWorld): (actor: Actor, act: Act) => Promise<void> {
  const { records, objects } = world;
  const nthBuild = (index: number) => [...records.stored.builds.values()][index];
  return async (actor, act) => {
    const ports = world.portsOf(actor);
    switch (act.act) {
      case 'ask':
        return ask(world, actor, act);
      case 'stop': {
        const build = nthBuild(act.build);
        if (build === undefined) return undefined;
        return world.ignoringFaults(async () => {
          const stopped = await stopBuild(ports, build.build_id, 'operator');
          if (stopped.ok) world.stops.push(stopped.value);
        });
      }
      case 'release':
        return world.ignoringFaults(() => releaseQuarantine(ports, act.builder, 'operator', 'looked at'));
      case 'change':
        return world.changeInputs(act.builder);
      case 'redeclare':
        return world.redeclare(act.builder);
      case 'deploy':
        return world.deploy();
      case 'rules':
        return world.changeRules(act.kept);
      case 'publish': {
        const build = act.build === null ? null : nthBuild(act.build);
        return build === undefined ? undefined : publishAs(world, actor, act, build?.build_id ?? null);
      }
      case 'foreign-event': {
        const event = { run: runNamed('elsewhere'), status: 'FAILED', build_id: buildIdOf(999_999) } as const;
        return world.deliver(actor, async () => void (await handleRunEvent(ports, world.config(), event)));
      }
      case 'plant': {
        const build = nthBuild(act.build);
        const key = build === undefined ? undefined : keys.manifest(build.builder, build.build_id);
        if (key !== undefined && !objects.stored.has(key)) {
          objects.put(key, new TextEncoder().encode('{}'));
          world.planted.add(key);
        }
        return undefined;
      }
    }
  };
}

async function ask(world: ActWorld, actor: Actor, act: Act & { readonly act: 'ask' }): Promise<void> {
  const { scheduler, config, records } = world;
  const ports = world.portsOf(actor);
  const variables = 'variables' in act.request && typeof act.request.variables === 'object' ? { ...act.request.variables } : {};
  const seen = act.seesInputs
    ? {
        fingerprint: fingerprintOf(
          world.inputsOf(act.builder, Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, String(value)]))),
        ),
      }
    : {};
  const request = { builder: act.builder, ...act.request, ...seen };
  const answered = await answerTo(world, actor, () => dispatch(ports, config(), { request, command: 'simulated', by: act.by }));
  if (answered === undefined) return;
  world.answers.push({ at: scheduler.now, by: act.by, request, answer: answered });
  if (!answered.ok) return;
  if (world.deployed) return world.ignoringFaults(() => ports.turns.send({ turn: act.builder }, 0));
  for (let looks = 0; looks < (act.follows ? 200 : 1); looks += 1) {
    await world.ignoringFaults(() => advance(ports, config(), act.builder));
    const build = records.stored.builds.get(answered.value.build.build_id);
    if (build === undefined || isFinal(build.state)) return;
    if (act.follows) await scheduler.sleep(actor, 60_000);
  }
}

/** Who asks tries again where no answer came: with a token, and for a channel, that is harmless. */
async function answerTo<T>(world: ActWorld, actor: Actor, asking: () => Promise<Outcome<T>>): Promise<Outcome<T> | undefined> {
  for (let tries = 0; tries < 3; tries += 1) {
    try {
      return await asking();
    } catch (cause) {
      world.assertWorldFault(cause);
      await world.scheduler.sleep(actor, 5000);
    }
  }
  return undefined;
}

/** Publishes, once or until it is published. */
async function publishAs(world: ActWorld, actor: Actor, act: Act & { readonly act: 'publish' }, build: Publishing['build']): Promise<void> {
  for (let tries = 0; tries < (act.insists ? 20 : 1); tries += 1) {
    if (tries > 0) await world.scheduler.sleep(actor, publishEvery);
    if ((await publishOnce(world, actor, act, build))?.ok === true) return;
  }
}

async function publishOnce(
  world: ActWorld,
  actor: Actor,
  { builder, channel, variables, behind, slowly }: Act & { readonly act: 'publish' },
  build: Publishing['build'],
): Promise<Outcome<PublishPlan> | undefined> {
  const inputs = world.inputsOf(builder, variables, behind);
  const by = `publisher ${world.publishings.length + 1}`;
  const wish: Publishing = { by, builder, build, variables, fingerprint: fingerprintOf(inputs), end: undefined };
  world.publishings.push(wish);
  const wanted = build === null ? { build, variables, fingerprint: wish.fingerprint, inputs } : { build };
  const ports = slowly ? slowPorts(world, actor) : world.portsOf(actor);
  const answer = await answerTo(world, actor, () => publish(ports, { builder, channel, wanted, by }));
  if (answer === undefined) return undefined;
  wish.end = answer.ok ? (answer.value.moves ? 'moved' : 'stays') : answer.failure.rule;
  if (answer.ok) assertPublished(world, answer.value);
  else if (answer.failure.rule === 'CHAIN_BROKEN' && world.planted.size === 0)
    world.violate('a chain that holds is not called broken', answer.failure.message);
  return answer;
}

/** Over a slow line much can happen between the first look at the records and the commit. */
function slowPorts(world: ActWorld, actor: Actor): PublishPorts {
  const { records, objects, clock } = world.portsOf(actor);
  const slowly = async <T>(read: () => Promise<T>): Promise<T> => {
    await world.scheduler.sleep(actor, slowRead);
    return read();
  };
  return {
    clock,
    records: { ...records, readBuild: (id) => slowly(() => records.readBuild(id)) },
    objects: { ...objects, read: (key, limit) => slowly(() => objects.read(key, limit)) },
  };
}

/** Who is told that a build is published finds it so, unless somebody else published meanwhile. */
function assertPublished({ records, violate }: ActWorld, { channel }: PublishPlan): void {
  const stored = records.stored.channels.get(channelIdOf(channel.builder, channel.channel));
  if (stored === undefined || stored.version < channel.version || (stored.version === channel.version && stored !== channel))
    violate('what is called published is', `${channel.builder} ${channel.channel}, version ${channel.version}`);
}
