import { attemptRequestFrom } from '../../core/attempt-environment.ts';
import { type AttemptPorts, runAttempt } from '../../core/attempt.ts';
import { builderOf } from '../../core/builder-of.ts';
import { type Config } from '../../core/config.ts';
import { keys } from '../../core/contract/keys.ts';
import { variables } from '../../core/contract/variables.ts';
import { milliseconds } from '../../core/duration.ts';
import { type BuilderName, type RunId } from '../../core/identity.ts';
import { type Input } from '../../core/input.ts';
import { type Interruption, type PackerOutcome } from '../../core/ports.ts';
import { type AttemptRequest } from '../../core/request.ts';
import { success } from '../../core/failure.ts';
import { type MemoryObjects } from './memory-objects.ts';
import { type PackerPlan, cancelledLog, packerOutputs } from './packer-plan.ts';
import { type Actor, type Scheduler } from './scheduler.ts';
import { type SimulatedRun } from './simulated-build-service.ts';

/** What a run meets in the world. */
export interface RunWorld {
  readonly scheduler: Scheduler;
  readonly objects: MemoryObjects;
  readonly config: Config;
  inputsOf(builder: BuilderName, requestVariables: Readonly<Record<string, string>>): readonly Input[];
  /** How this attempt goes; asked once, before packer. */
  planOf(request: AttemptRequest): PackerPlan;
  /** How long packer takes: milliseconds. */
  durationOf(request: AttemptRequest): number;
  packerBegins(request: AttemptRequest): void;
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
  const interrupt = new AbortController();
  const watch = interruptionWatch(world, simulated, interrupt);
  const { verdict } = await runAttempt(attemptPorts(world, actor, request, plan, watch), world.config, request, interrupt.signal);
  return verdict.exit_code;
}

interface Watch {
  /** Looks whether the run is to stop. */
  look(): void;
  readonly interrupt: AbortSignal;
}

function interruptionWatch(world: RunWorld, { run, beginsAt, request }: SimulatedRun, controller: AbortController): Watch {
  const timeout = milliseconds(builderOf(world.config, request.builder)?.timeout ?? '60m');
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

function attemptPorts(world: RunWorld, actor: Actor, request: AttemptRequest, plan: PackerPlan, watch: Watch): AttemptPorts {
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
      run: (_job, onLine) => runPacker(world, actor, request, plan, watch, onLine),
    },
    secrets: { read: async (reference) => success(reference) },
    handover: {
      async openLog(run: RunId) {
        const lines: string[] = [];
        return { write: (line) => void lines.push(line), close: () => put(keys.incoming(run).log, `${lines.join('\n')}\n`) };
      },
      put,
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
  };
}

async function runPacker(
  world: RunWorld,
  actor: Actor,
  request: AttemptRequest,
  plan: PackerPlan,
  watch: Watch,
  onLine: (line: string) => void,
): Promise<PackerOutcome> {
  world.packerBegins(request);
  const until = world.scheduler.now + world.durationOf(request);
  while (world.scheduler.now < until && !watch.interrupt.aborted) {
    await world.scheduler.sleep(actor, Math.min(stopPoll, until - world.scheduler.now));
    watch.look();
  }
  if (plan === 'lost') throw new MachineLost();
  if (plan === 'hangs') await world.scheduler.sleep(actor, Number.POSITIVE_INFINITY);
  if (watch.interrupt.aborted) await world.scheduler.sleep(actor, cleanUp);
  world.packerEnds(request);
  const output =
    watch.interrupt.aborted || plan === 'secret' || plan === 'hangs' ? { lines: cancelledLog, exitCode: 1 } : packerOutputs[plan];
  for (const line of output.lines) onLine(line);
  return { exitCode: output.exitCode, signal: null, recorded: [] };
}
