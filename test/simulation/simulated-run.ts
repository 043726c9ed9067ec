import { attemptRequestFrom } from '../../core/attempt-environment.ts';
import { AttemptReport } from '../../core/attempt-report.ts';
import { type AttemptPorts, runAttempt } from '../../core/attempt.ts';
import { builderOf } from '../../core/builder-of.ts';
import { type Builder, type Config } from '../../core/config.ts';
import { keys } from '../../core/contract/keys.ts';
import { variables } from '../../core/contract/variables.ts';
import { milliseconds } from '../../core/duration.ts';
import { type BuilderName, type RunId } from '../../core/identity.ts';
import { type Input } from '../../core/input.ts';
import { type Interruption, type PackerOutcome } from '../../core/ports.ts';
import { type AttemptRequest } from '../../core/request.ts';
import { success } from '../../core/failure.ts';
import { fingerprintOf, toolInput } from '../../core/fingerprint.ts';
import { intrude } from './intruder.ts';
import { type MemoryObjects } from './memory-objects.ts';
import { type PackerPlan, cancelledLog, failureLogs, successLog } from './packer-plan.ts';
import { type Actor, type Scheduler } from './scheduler.ts';
import { type SimulatedAccount } from './simulated-account.ts';
import { type SimulatedRun } from './simulated-build-service.ts';

/** What a run meets in the world. */
export interface RunWorld {
  readonly scheduler: Scheduler;
  readonly objects: MemoryObjects;
  readonly account: SimulatedAccount;
  /** What stands in `hybridcore.yaml` as it is checked out now. */
  checkedOut(): Config;
  inputsOf(builder: BuilderName, requestVariables: Readonly<Record<string, string>>): readonly Input[];
  /** How this attempt goes; asked once, before packer. */
  planOf(request: AttemptRequest): PackerPlan;
  /** How long packer takes: milliseconds. */
  durationOf(request: AttemptRequest): number;
  /** After how many milliseconds each something is written over what a run handed over. */
  intrusions(): readonly number[];
  /** @param builder as it is checked out. */
  packerBegins(request: AttemptRequest, builder: Builder | undefined, plan: PackerPlan): void;
  packerEnds(request: AttemptRequest): void;
}

/** Thrown where the machine of a run dies. */
export class MachineLost extends Error {}

const encoder = new TextEncoder();

/** How often a run looks whether it is asked to stop, while packer runs. Milliseconds. */
const stopPoll = 60_000;

/** How long packer cleans up when it is interrupted. Milliseconds. */
const cleanUp = 30_000;

/** What the buildspec does: the real attempt, over this world. @returns the code that the run exits with. */
export async function simulateRun(world: RunWorld, actor: Actor, simulated: SimulatedRun): Promise<number> {
  const asked = attemptRequestFrom({ ...simulated.request.environment, [variables.run]: simulated.run });
  if (!asked.ok) return 1;
  const request = asked.value;
  const plan = world.planOf(request);
  const config = world.checkedOut();
  const interrupt = new AbortController();
  const watch = interruptionWatch(world, simulated, config, interrupt);
  const { verdict } = await runAttempt(attemptPorts(world, actor, request, config, plan, watch), config, request, interrupt.signal);
  if (plan === 'overwrites') intrude(world.scheduler, world.objects, request.run, imageOf(request), world.intrusions());
  return verdict.exit_code;
}

interface Watch {
  /** Looks whether the run is to stop. */
  look(): void;
  readonly interrupt: AbortSignal;
}

function interruptionWatch(world: RunWorld, { run, beginsAt, request }: SimulatedRun, config: Config, controller: AbortController): Watch {
  const timeout = milliseconds(builderOf(config, request.builder)?.timeout ?? '60m');
  const abort = (why: Interruption) => controller.abort(why);
  return {
    interrupt: controller.signal,
    look() {
      if (controller.signal.aborted) return;
      if (world.objects.stored.has(keys.control(run, 'stop'))) abort('stop');
      else if (world.scheduler.now >= beginsAt + timeout) abort('time-limit');
    },
  };
}

/** The image that the packer of an attempt makes. */
function imageOf({ run }: AttemptRequest): string {
  return `us-east-1:ami-${run}`;
}

/** The image that was there before anything was built. */
export const oldImage = 'us-east-1:ami-old';

function attemptPorts(
  world: RunWorld,
  actor: Actor,
  request: AttemptRequest,
  config: Config,
  plan: PackerPlan,
  watch: Watch,
): AttemptPorts {
  const { scheduler, objects } = world;
  const put = (key: string, text: string) =>
    scheduler.effect(actor, `hand over ${key}`, async () => objects.put(key, encoder.encode(text)));
  return {
    repository: {
      discover: async () =>
        success({
          inputs: world.inputsOf(request.builder, request.variables),
          undeclared: [],
          sensitiveVariables: [],
          sensitiveValues: [],
          manifestOutputs: [],
          requiresPlugins: false,
        }),
      findSecrets: async () => (plan === 'secret' ? [{ file: 'run.sh', line: 1, rule: 'PRIVATE_KEY' }] : []),
    },
    packer: {
      find: async () => success({ file: '/opt/packer', version: '1.14.2' }),
      commandLine: () => ['packer', 'build', request.builder],
      run: (_job, onLines) => runPacker(world, actor, request, builderOf(config, request.builder), plan, watch, onLines),
    },
    secrets: { read: async (reference) => success(reference) },
    handover: {
      async openLog(run: RunId) {
        const pieces: string[] = [];
        return {
          write(text) {
            pieces.push(text);
            return undefined;
          },
          close: () => put(keys.incoming(run).log, pieces.join('')),
        };
      },
      put: (key, text) => put(key, plan === 'other-inputs' && key === keys.incoming(request.run).report ? withOtherInputs(text) : text),
    },
    control: {
      async awaitGo(run, within) {
        const until = scheduler.now + within;
        for (let wait = 1000; ; wait = Math.min(wait * 2, stopPoll)) {
          watch.look();
          if (watch.interrupt.aborted || scheduler.now > until) return false;
          if (objects.stored.has(keys.control(run, 'go'))) return true;
          await scheduler.sleep(actor, wait);
        }
      },
    },
    clock: { now: () => scheduler.now },
    randomness: { bytes: (count) => new Uint8Array(count).fill(7) },
    watch: () => undefined,
    warn: () => undefined,
  };
}

async function runPacker(
  world: RunWorld,
  actor: Actor,
  request: AttemptRequest,
  builder: Builder | undefined,
  plan: PackerPlan,
  watch: Watch,
  onLines: (lines: readonly string[]) => Promise<void> | undefined,
): Promise<PackerOutcome> {
  world.packerBegins(request, builder, plan);
  const until = world.scheduler.now + world.durationOf(request);
  while (world.scheduler.now < until && !watch.interrupt.aborted) {
    await world.scheduler.sleep(actor, Math.min(stopPoll, until - world.scheduler.now));
    watch.look();
  }
  if (plan === 'lost') throw new MachineLost();
  if (plan === 'hangs') await world.scheduler.sleep(actor, Number.POSITIVE_INFINITY);
  if (watch.interrupt.aborted) await world.scheduler.sleep(actor, cleanUp);
  world.packerEnds(request);
  const output = watch.interrupt.aborted ? { lines: cancelledLog, exitCode: 1 } : outputOf(world, request, plan);
  await onLines(output.lines);
  return { exitCode: output.exitCode, signal: null, recorded: [] };
}

/** What packer prints when it is done, and what it leaves in the account. */
function outputOf(
  world: RunWorld,
  request: AttemptRequest,
  plan: PackerPlan,
): { readonly lines: readonly string[]; readonly exitCode: number } {
  switch (plan) {
    case 'config-error':
    case 'transient':
    case 'violation':
      return { lines: failureLogs[plan], exitCode: 1 };
    case 'secret':
    case 'lost':
    case 'hangs':
      return { lines: cancelledLog, exitCode: 1 };
    case 'no-image':
      return { lines: successLog('us-east-1:ami-nowhere'), exitCode: 0 };
    case 'old-image':
      return { lines: successLog(oldImage), exitCode: 0 };
    case 'success':
    case 'other-inputs':
    case 'overwrites':
      world.account.make(imageOf(request), world.scheduler.now);
      return { lines: successLog(imageOf(request)), exitCode: 0 };
  }
}

/** A report that speaks of inputs which the attempt did not see, and is in itself as it should be. */
function withOtherInputs(text: string): string {
  const report = AttemptReport.parse(JSON.parse(text));
  const inputs = [toolInput('packer', '6.6.6')];
  return JSON.stringify({ ...report, inputs, fingerprint: report.fingerprint === null ? null : fingerprintOf(inputs) });
}
