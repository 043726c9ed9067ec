import { describe, expect, it } from 'vitest';

import { type AttemptPorts, runAttempt } from '../../core/attempt.ts';
import { AttemptReport } from '../../core/attempt-report.ts';
import { Config } from '../../core/config.ts';
import { builderDigest } from '../../core/builder-digest.ts';
import { keys } from '../../core/contract/keys.ts';
import { digestOf } from '../../core/digest.ts';
import { FailureError } from '../../core/failure-error.ts';
import { type Failure, failure, success } from '../../core/failure.ts';
import { fingerprintOf, toolInput } from '../../core/fingerprint.ts';
import { VariableName } from '../../core/identity.ts';
import { type Input } from '../../core/input.ts';
import { type Discovery, type PackerJob } from '../../core/ports.ts';
import { type AttemptRequest } from '../../core/request.ts';
import { ScrubManifest } from '../../core/scrub/scrub-manifest.ts';
import { successLog } from '../fixtures/dispatcher.ts';
import { buildIdOf, builderNamed, runNamed, someTime } from '../fixtures/records.ts';

const config = Config.parse({
  version: 1,
  builders: { base: { template: 'base', variables: ['region', 'token'], secrets: { join: 'env:JOIN' }, packer: { version: '1.6.6' } } },
});
const request: AttemptRequest = {
  builder: builderNamed('base'),
  build: buildIdOf(1),
  attempt: 1,
  run: runNamed('run-1'),
  variables: { region: 'us-east-1' },
  unless: null,
  expected: null,
  builder_digest: null,
};
const otherDigest = digestOf('something else');
const secret = 'h4rd-to-guess';
const [declared] = Object.values(config.builders);
const digestOfBase = declared === undefined ? otherDigest : builderDigest(declared);
const discovery: Discovery = {
  inputs: [toolInput('packer', '1.6.6')],
  undeclared: [],
  sensitiveVariables: ['token'],
  sensitiveValues: ['v3ry-sensitive'],
  manifestOutputs: [],
  requiresPlugins: false,
};

function asked(value: string): Input {
  return { kind: 'variable', name: VariableName.parse('region'), digest: otherDigest, value, from: 'request' };
}

function manyInputs(count: number, name: string): Input[] {
  return Array.from({ length: count }, (_, at) => ({ kind: 'script', name: `${name}${at}`, digest: otherDigest, size: 1, mode: '100755' }));
}

interface World {
  discoveries?: (Discovery | Failure)[];
  lines?: readonly string[];
  recorded?: readonly string[];
  version?: string;
  planted?: readonly { file: string; line: number; rule: string }[];
  /** What the search for secrets stumbles over. */
  vanished?: Failure;
  secret?: string | null;
  interrupt?: AbortSignal;
  request?: AttemptRequest;
  /** Whether the dispatcher tells it to go. */
  told?: boolean;
  commandLine?: readonly string[];
}

/** Runs an attempt in a world of the test's making, and gives all that it wrote and said. */
async function attemptIn(world: World) {
  const written = new Map<string, string>();
  const jobs: PackerJob[] = [];
  const log: string[] = [];
  const watched: string[] = [];
  const warned: string[] = [];
  const discoveries = [...(world.discoveries ?? [discovery])];
  let last = discoveries[0] ?? discovery;
  const ports: AttemptPorts = {
    repository: {
      discover: async () => {
        last = discoveries.shift() ?? last;
        return 'rule' in last ? { ok: false, failure: last } : success(last);
      },
      findSecrets: async () => {
        if (world.vanished !== undefined) throw new FailureError(world.vanished);
        return world.planted ?? [];
      },
    },
    packer: {
      find: async () => success({ file: '/opt/packer', version: world.version ?? '1.6.6' }),
      commandLine: () => world.commandLine ?? ['packer', 'build', 'base'],
      async run(job, onLines) {
        jobs.push(job);
        await onLines(world.lines ?? successLog);
        const recorded = (world.recorded ?? []).map((id) => ({ id, type: 'file', builder_id: null, name: 'image', files: [id] }));
        return { exitCode: 0, signal: null, recorded };
      },
    },
    secrets: {
      read: async (reference) =>
        world.secret === null ? failure('SECRET_UNAVAILABLE', `${reference} is not set`, 'set it') : success(world.secret ?? secret),
    },
    handover: {
      openLog: async () => ({
        write(text) {
          log.push(text);
          return undefined;
        },
        close: async () => void written.set(keys.incoming(request.run).log, log.join('').trimEnd()),
      }),
      put: async (key, text) => void written.set(key, text),
    },
    control: { awaitGo: async () => world.told ?? true },
    clock: { now: () => someTime },
    randomness: { bytes: (count) => new Uint8Array(count).fill(9) },
    // Before packer runs.
    warn: (sentence) => void warned.push(`${jobs.length}: ${sentence}`),
    watch(lines) {
      watched.push(...lines);
      return undefined;
    },
  };
  const end = await runAttempt(ports, config, world.request ?? request, world.interrupt ?? new AbortController().signal);
  const at = keys.incoming(request.run);
  return {
    ...end,
    jobs,
    log,
    watched,
    warned,
    written,
    report: AttemptReport.parse(JSON.parse(written.get(at.report) ?? '')),
    scrub: ScrubManifest.parse(JSON.parse(written.get(at.scrubManifest) ?? '')),
  };
}

describe('an attempt', () => {
  it('runs packer once and hands over report, log and scrub manifest, the report last', async () => {
    const { report, verdict, jobs, written } = await attemptIn({});
    expect(verdict.exit_code).toBe(0);
    expect(jobs).toMatchObject([
      { template: 'base', variables: { region: 'us-east-1' }, secrets: { join: secret }, hiddenEnvironment: ['JOIN'] },
    ]);
    expect(report).toMatchObject({ packer: { exit_code: 0 }, failure: null, inputs: discovery.inputs, resolved: { packer: '1.6.6' } });
    const at = keys.incoming(request.run);
    expect([...written.keys()]).toEqual([at.log, at.scrubManifest, at.report]);
  });

  it.each([
    ['a variable that the builder does not allow', { request: { ...request, variables: { size: '1' } } }, 'VARIABLE_NOT_ALLOWED', 1],
    ['a variable that the template calls sensitive', { request: { ...request, variables: { token: 'x' } } }, 'VARIABLE_NOT_ALLOWED', 1],
    [
      'a builder that is declared otherwise than the dispatcher knows it',
      { request: { ...request, builder_digest: otherDigest } },
      'BUILDER_DIFFERS',
      1,
    ],
    ['other inputs than the dispatcher knows', { request: { ...request, expected: otherDigest } }, 'SOURCE_DIFFERS', 1],
    ['a builder that is not in this checkout', { request: { ...request, builder: builderNamed('gone') } }, 'BUILDER_UNKNOWN', 1],
    [
      'inputs that cannot be read',
      { discoveries: [{ rule: 'TEMPLATE_MISSING', message: 'no template', remedy: 'write one' }] },
      'TEMPLATE_MISSING',
      1,
    ],
    ['a secret among the inputs', { planted: [{ file: 'run.sh', line: 3, rule: 'PRIVATE_KEY' }] }, 'INPUT_SECRET', 3],
    ['a plain variable with a value that is secret', { discoveries: [{ ...discovery, inputs: [asked(secret)] }] }, 'INPUT_SECRET', 3],
    ['one with a token', { discoveries: [{ ...discovery, inputs: [asked(`ghp_${'a1B2'.repeat(9)}`)] }] }, 'INPUT_SECRET', 3],
    [
      'a file whose name holds what the template calls sensitive',
      { discoveries: [{ ...discovery, inputs: manyInputs(1, 'files/v3ry-sensitive-') }] },
      'INPUT_SECRET',
      3,
    ],
    [
      'an input that vanishes before it is searched for secrets',
      { vanished: { rule: 'INPUT_UNREADABLE', message: 'run.sh is not there (any more)', remedy: '' } },
      'INPUT_UNREADABLE',
      1,
    ],
    ['more inputs than can be handed over', { discoveries: [{ ...discovery, inputs: manyInputs(200_001, 'f') }] }, 'INPUTS_TOO_MANY', 1],
    [
      'inputs with longer names than can be handed over',
      { discoveries: [{ ...discovery, inputs: manyInputs(9000, 'f'.repeat(4000)) }] },
      'INPUTS_TOO_MANY',
      1,
    ],
    ['another packer than the pinned one', { version: '1.9.0' }, 'PACKER_NOT_PINNED', 1],
    ['a secret that cannot be had', { secret: null }, 'SECRET_UNAVAILABLE', 1],
  ] as const)('does not run packer over %s', async (_, world, rule, exitCode) => {
    const { report, verdict, jobs } = await attemptIn(world as World);
    expect(jobs).toEqual([]);
    expect(report).toMatchObject({ packer: null, command: null, failure: { rule } });
    expect(verdict).toMatchObject({ exit_code: exitCode, classification: { rule } });
    expect(JSON.stringify([report.failure, verdict])).not.toMatch(/h4rd-to-guess|v3ry-sensitive|a1B2a1B2/);
  });

  it('runs packer over the builder and the inputs that the dispatcher knows', async () => {
    const known = { builder_digest: digestOfBase, expected: fingerprintOf(discovery.inputs) };
    const { verdict, jobs } = await attemptIn({ request: { ...request, ...known } });
    expect(jobs).toHaveLength(1);
    expect(verdict.exit_code).toBe(0);
  });

  it.each([
    ['other inputs than the dispatcher knows', { request: { ...request, expected: otherDigest } }],
    ['a builder that is declared otherwise', { request: { ...request, builder_digest: otherDigest } }],
  ] as const)('claims no inputs where it met %s', async (_, world) => {
    expect((await attemptIn(world)).report).toMatchObject({ fingerprint: null, inputs: [] });
  });

  it('does not run packer before the dispatcher says that it is the attempt, and says so when it never does', async () => {
    const { report, verdict, jobs } = await attemptIn({ told: false });
    expect(jobs).toEqual([]);
    expect(report).toMatchObject({ packer: null, interrupted: null, failure: { rule: 'NOT_CONFIRMED' } });
    expect(verdict).toMatchObject({ exit_code: 2, classification: { rule: 'NOT_CONFIRMED' } });
  });

  it('does not run packer over the inputs at which it need not, and does not wait for the word either', async () => {
    const unless = fingerprintOf(discovery.inputs);
    const { report, verdict, jobs } = await attemptIn({ request: { ...request, unless }, told: false });
    expect(jobs).toEqual([]);
    expect(report).toMatchObject({ unchanged: true, packer: null, failure: null, fingerprint: unless });
    expect(verdict).toMatchObject({ exit_code: 0, classification: { rule: 'UNCHANGED' } });
  });

  it('runs packer over other inputs than those', async () => {
    const { report, jobs } = await attemptIn({ request: { ...request, unless: fingerprintOf([]) } });
    expect(jobs).toHaveLength(1);
    expect(report).toMatchObject({ unchanged: false, packer: { exit_code: 0 } });
  });

  it('tells of a secret among unchanged inputs, too', async () => {
    const unless = fingerprintOf(discovery.inputs);
    const { verdict } = await attemptIn({ request: { ...request, unless }, planted: [{ file: 'run.sh', line: 3, rule: 'PRIVATE_KEY' }] });
    expect(verdict).toMatchObject({ exit_code: 3, classification: { rule: 'INPUT_SECRET' } });
  });

  it('does not begin packer when it is interrupted before', async () => {
    const { report, jobs } = await attemptIn({ interrupt: AbortSignal.abort('time-limit') });
    expect(jobs).toEqual([]);
    expect(report).toMatchObject({ interrupted: 'time-limit', packer: null, failure: null });
  });

  it.each([
    ['changed', { ...discovery, inputs: [toolInput('packer', '1.6.7')] }, 'changed tool packer (value)'],
    ['added', { ...discovery, inputs: [...discovery.inputs, toolInput('more', '1')] }, 'added tool more'],
    ['removed', { ...discovery, inputs: [] }, 'removed tool packer'],
  ] as const)('names the input that was %s while packer ran', async (_, after, line) => {
    const { verdict } = await attemptIn({ discoveries: [discovery, after] });
    expect(verdict).toMatchObject({ exit_code: 1, classification: { rule: 'INPUTS_CHANGED', evidence: [line] } });
  });

  it('does not pass over inputs that can no longer be read after packer', async () => {
    const { verdict } = await attemptIn({
      discoveries: [discovery, { rule: 'INPUT_UNREADABLE', message: 'run.sh is gone', remedy: 'put it back' }],
    });
    expect(verdict).toMatchObject({
      exit_code: 1,
      classification: { rule: 'INPUTS_CHANGED', reason: expect.stringContaining('run.sh is gone') as string },
    });
  });
});

describe('nothing that an attempt writes or shows holds', () => {
  const lines = [
    `1795378213,,ui,say,join ${secret} and v3ry-sensitive and \u001b[1mh4rd-\u001b[0mto-guess`,
    '1795378213,,ui,say,https://user:s3cr3t-pa55word@example.org/',
    ...successLog,
  ];

  it.each([secret, 'v3ry-sensitive', 's3cr3t-pa55word'])(
    '%s: not the log, the terminal, the command, the artifacts, nor the failure',
    async (value) => {
      const { written, watched, report, scrub } = await attemptIn({
        lines,
        recorded: [`out/${value.includes('s3cr3t') ? 'https://user:s3cr3t-pa55word@example.org/' : value}`],
        commandLine: ['packer', 'build', `-var=x=${value.includes('s3cr3t') ? 'https://user:s3cr3t-pa55word@example.org/' : value}`],
        discoveries: [
          discovery,
          {
            rule: 'INPUT_UNREADABLE',
            message: `no ${value.includes('s3cr3t') ? 'https://user:s3cr3t-pa55word@example.org/' : value}`,
            remedy: 'x',
          },
        ],
      });
      for (const text of [...written.values(), ...watched]) expect(text).not.toContain(value);
      for (const text of [report.command ?? '', report.failure?.message ?? '', report.recorded[0]?.id ?? ''])
        expect(text).toContain('[REDACTED:');
      expect(scrub.files.map((file) => file.file)).toEqual(['packer.log', 'report.json']);
      expect(scrub.files.map((file) => file.actions.reduce((sum, action) => sum + action.count, 0))).toEqual([4, 4]);
    },
  );

  it('but what is too short to be searched for, of which it warns once before packer runs', async () => {
    const { warned, scrub } = await attemptIn({
      secret: 'abc',
      discoveries: [{ ...discovery, sensitiveVariables: ['token', 'site'], sensitiveValues: ['packer', 'vagrant', 'v3ry-sensitive'] }],
    });
    const why = 'is too short or too common to be searched for: it stays wherever it stands; give secrets that are longer';
    expect(warned).toEqual([`0: join ${why}`, `0: a value of the sensitive variables (token, site) ${why}`]);
    expect(scrub.not_searched).toEqual(['join', 'sensitive']);
    expect((await attemptIn({})).warned).toEqual([]);
  });

  it('a failure beyond the bounds of a report', async () => {
    const { report } = await attemptIn({
      discoveries: [
        {
          rule: 'TEMPLATE_INVALID',
          message: 'x'.repeat(100_000),
          remedy: 'y'.repeat(100_000),
          evidence: Array.from({ length: 500 }, () => 'z'.repeat(100_000)),
        },
      ],
    });
    expect(report.failure?.message.length).toBe(8000);
    expect(report.failure?.evidence?.length).toBe(100);
  });
});
