import { type AttemptPlace } from '../../adapters/aws/attempt-place.ts';
import { controlFolder } from '../../adapters/local/control-folder.ts';
import { environmentSecrets } from '../../adapters/local/environment-secrets.ts';
import { handoverFolder } from '../../adapters/local/handover-folder.ts';
import { imageRepository } from '../../adapters/local/image-repository.ts';
import { findSecrets } from '../../adapters/local/secret-scan.ts';
import { systemClock, systemRandomness } from '../../adapters/local/system.ts';
import { packerArguments, privateVarFileName } from '../../adapters/packer/packer-arguments.ts';
import { runPacker } from '../../adapters/packer/run-packer.ts';
import { type AttemptPorts, runAttempt } from '../../core/attempt.ts';
import { attemptRequestFrom } from '../../core/attempt-environment.ts';
import { variables } from '../../core/contract/variables.ts';
import { milliseconds } from '../../core/duration.ts';
import { type Outcome, failure, success } from '../../core/failure.ts';
import { type RunId } from '../../core/identity.ts';
import { type PackerTool } from '../../core/ports.ts';
import { stopPoll } from '../../core/run-limit.ts';
import { type Answer } from '../answer.ts';
import { type Host, type Repository } from '../host.ts';
import { personLine } from './logs.ts';

/**
 * `attempt <builder>`: one run of packer, as the buildspec calls it. What it is to do stands in its environment;
 * what it found goes to `incoming/<run>/`. It ends early and kindly when it is asked to stop, when its time is
 * up, or on SIGTERM, SIGINT and SIGHUP.
 */
export async function attempt(
  host: Host,
  repository: Repository,
  typed: string,
  findTool: () => Promise<Outcome<PackerTool>>,
): Promise<Outcome<Answer>> {
  const request = attemptRequestFrom(host.environment);
  if (!request.ok) return request;
  if (request.value.builder !== typed)
    return failure(
      'REQUEST_INVALID',
      `the attempt is for ${request.value.builder}, but was called for ${typed}`,
      `call it as the buildspec does: hybridcore-packer attempt "$${variables.builder}"`,
    );
  const bucket = host.environment[variables.bucket];
  const { handover, control, secrets } = await placeOf(host, repository, request.value.run, bucket);
  const ports: AttemptPorts = {
    repository: { ...imageRepository(repository.root), findSecrets: (inputs) => findSecrets(repository.root, inputs) },
    packer: {
      find: findTool,
      commandLine: (job) => [
        'packer',
        ...packerArguments('build', repository.root, job, Object.keys(job.secrets).length === 0 ? null : privateVarFileName),
      ],
      run: (job, onLines, interrupt) => runPacker({ root: repository.root, environment: host.environment }, job, onLines, interrupt),
    },
    secrets,
    handover,
    control,
    clock: systemClock,
    randomness: systemRandomness,
    watch: (lines) => {
      const texts = lines.flatMap(personLine);
      if (texts.length > 0) host.terminal.out.pass(`${texts.join('\n')}\n`);
      return host.terminal.out.isFull() ? host.terminal.out.taken() : undefined;
    },
    warn: (sentence) => host.terminal.err.write(`${sentence}\n`),
  };
  const timeout = repository.config.builders[request.value.builder]?.timeout ?? '60m';
  const poll = bucket === undefined ? stopPoll.folder : stopPoll.bucket;
  const watch = watchForInterruption(() => control.isTold(request.value.run, 'stop'), { poll, timeLimit: milliseconds(timeout) });
  try {
    const { report, verdict } = await runAttempt(ports, repository.config, request.value, watch.signal);
    return success({
      exitCode: verdict.exit_code,
      document: report,
      text: `attempt ${report.attempt}: ${verdict.classification.rule} (exit code ${verdict.exit_code}): ${verdict.classification.reason}`,
    });
  } finally {
    watch.end();
  }
}

/** In the bucket where the deployment names one, else below a home folder. The client of S3 is loaded where there is a bucket alone. */
async function placeOf(host: Host, repository: Repository, run: RunId, bucket: string | undefined): Promise<AttemptPlace> {
  if (bucket !== undefined) return (await import('../../adapters/aws/attempt-place.ts')).attemptPlace(bucket, run, host.environment);
  const home = host.environment[variables.home] ?? repository.home;
  return { handover: handoverFolder(home, run), control: controlFolder(home), secrets: environmentSecrets(host.environment) };
}

/** @param of both in milliseconds. */
function watchForInterruption(
  stopRequested: () => Promise<boolean>,
  { poll: every, timeLimit }: { readonly poll: number; readonly timeLimit: number },
): { readonly signal: AbortSignal; end(): void } {
  const controller = new AbortController();
  const onSignal = () => controller.abort('signal');
  const signals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, onSignal);
  const limit = setTimeout(() => controller.abort('time-limit'), timeLimit);
  const poll = setInterval(() => {
    void stopRequested().then((requested) => {
      if (requested) controller.abort('stop');
    });
  }, every);
  return {
    signal: controller.signal,
    end() {
      clearTimeout(limit);
      clearInterval(poll);
      for (const signal of signals) process.off(signal, onSignal);
    },
  };
}
