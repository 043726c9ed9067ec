import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, it } from 'vitest';

import { type UsersRule } from '../../../core/classification/users-rules.ts';
import { keys } from '../../../core/contract/keys.ts';
import { manifestDigest } from '../../../core/document-text.ts';
import { storeBundle } from '../../../core/diag/make-bundle.ts';
import { DiagDrift, DiagTimeline, DiagVerdicts, DiagVersions } from '../../../core/diag/bundle-documents.ts';
import { digestOf } from '../../../core/digest.ts';
import { type BuildId } from '../../../core/identity.ts';
import { fingerprintOf, toolInput } from '../../../core/fingerprint.ts';
import { HashManifest } from '../../../core/hash-manifest.ts';
import { holdBuild } from '../../../core/retention/hold.ts';
import { dayMilliseconds } from '../../../core/retention/lifecycle.ts';
import { changePortsOf } from '../../../core/retention/change.ts';
import { raiseClass } from '../../../core/retention/raise.ts';
import { stopBuild } from '../../../core/stop.ts';
import { type Dispatcher, config, dispatcher } from '../../fixtures/dispatcher.ts';
import {
  bundleOf,
  diagPorts,
  documentOf,
  ended,
  failedPacker,
  failedScript,
  mirrorLine,
  packed,
  running,
  tamper,
  textIn,
} from './bundles.ts';

let home: Dispatcher;

beforeEach(async () => {
  home = await dispatcher();
});

async function succeeded(changes: Parameters<typeof ended>[2] = {}) {
  const id = await running(home);
  await ended(home, id, changes);
  return id;
}

const states = (document: unknown) => DiagTimeline.parse(document).events.flatMap(({ state }) => state ?? []);

describe('a diag bundle', () => {
  it('has what a build left, byte for byte, with the manifest before and how the inputs drifted from it', async () => {
    const first = await succeeded();
    const inputs = [toolInput('packer', '1.7.0')];
    const second = await succeeded({ inputs, fingerprint: fingerprintOf(inputs) });
    const bundle = await packed(home, second);
    const { manifest, attempts } = await home.build(second);
    expect(bundle.index.files.map(({ path, key }) => [path, key])).toEqual([
      ['attempt-1/packer.log', attempts[0]?.outcome?.log?.path],
      ['attempt-1/scrub-manifest.json', attempts[0]?.outcome?.scrub_manifest_path],
      ['drift.json', null],
      ['manifest-before.json', `artifacts/base/${first}.hash.json`],
      ['manifest.json', manifest?.path],
      ['result.json', `state/packer/results/base/${second}.json`],
      ['rules.json', null],
      ['summary.json', `state/packer/logs/base/${second}.json`],
      ['timeline.json', null],
      ['verdicts.json', null],
      ['versions.json', null],
    ]);
    for (const { path, key } of bundle.index.files.filter((file) => file.key !== null)) {
      const stored = await home.ports.objects.read(key ?? '', { bytes: 1_000_000 });
      const content = stored.state === 'read' ? Buffer.from(stored.content) : Buffer.alloc(0);
      expect(textIn(bundle, path)).toBe((path.endsWith('.log') ? gunzipSync(content) : content).toString());
    }
    const before = HashManifest.parse(documentOf(bundle, 'manifest-before.json'));
    expect(DiagDrift.parse(documentOf(bundle, 'drift.json'))).toMatchObject({
      before: { build_id: first, digest: manifestDigest(before) },
      after: { build_id: second, digest: manifest?.digest },
      changes: { added: [], removed: [], changed: [{ name: 'packer', changed: ['value'] }] },
    });
    expect(bundle.index).toMatchObject({
      state: 'succeeded',
      exit_code: 0,
      rule: 'SUCCESS',
      retention: { class: 'standard', days: 365, expires_at: '2027-11-22T10:00:00.000Z' },
      absent: [],
      altered: [],
    });
    expect(DiagVersions.parse(documentOf(bundle, 'versions.json'))).toMatchObject({ completed_by: '0.1.0', packer: '1.6.6' });
  });

  it('is the same bytes each time, and takes the place of an earlier one in the store', async () => {
    const id = await succeeded();
    const [one, two] = [await packed(home, id), await packed(home, id)];
    expect(Buffer.compare(one.content, two.content)).toBe(0);
    const build = await home.build(id);
    const store = (content: Uint8Array) => storeBundle(diagPorts(home), config, build, { ...one, content });
    const key = `diag/base/${id}.tar.gz`;
    expect(await store(one.content)).toMatchObject({ ok: true, value: { path: key, newer: null } });
    expect(await store(new TextEncoder().encode('another'))).toMatchObject({ ok: true, value: { newer: null } });
    expect(await store(one.content)).toMatchObject({ ok: true, value: { newer: null } });
    expect(await home.ports.objects.read(key, { bytes: 1_000_000 })).toMatchObject({ state: 'read', content: Buffer.from(one.content) });
    expect(await home.ports.objects.tags(key)).toEqual({ kind: 'diag', builder: 'base', build: id, retention: 'standard' });
  });

  it('is not stored once the time of its build is over, when it would have to go at once, unless the build is held', async () => {
    const id = await succeeded();
    const one = await packed(home, id);
    const store = async () => storeBundle(diagPorts(home), config, await home.build(id), one);
    home.pass(365 * dayMilliseconds - 1);
    expect((await store()).ok).toBe(true);
    home.pass(1);
    expect(await store()).toMatchObject({
      ok: false,
      failure: {
        rule: 'GONE',
        message: expect.stringContaining(' after that are over at ') as string,
        remedy: expect.stringContaining('--output') as string,
      },
    });
    expect((await bundleOf(home, id)).ok).toBe(true);
    await holdBuild(home.ports, id, 'counsel', 'case 7');
    expect((await store()).ok).toBe(true);
  });

  it.each([
    ['is locked', async () => undefined, { days: 365, lock: 'GOVERNANCE' } as const],
    ['is held', async (id: BuildId) => void (await holdBuild(home.ports, id, 'ops', 'case 7')), { days: 365 }],
  ])('is kept as it was stored first where its build %s, and says that another would be made now', async (_, hold, standard) => {
    const policy = { default: 'standard', classes: { standard } };
    const own = { ...config, retention: policy };
    const id = await running(home);
    const now = async (rules: readonly UsersRule[] = []) => {
      const made = await bundleOf(home, id, { config: { ...own, rules: [...rules] } });
      if (!made.ok) throw new Error(made.failure.message);
      return made.value;
    };
    const build = await home.build(id);
    const terms = { ...standard, policy_digest: digestOf('policy') };
    const document = { ...build, version: build.version + 1, retention_terms: terms };
    await home.ports.records.commit([{ type: 'build', expected: build.version, document }]);
    const store = async (bundle: Awaited<ReturnType<typeof now>>) => {
      const stored = await storeBundle(diagPorts(home), own, await home.build(id), bundle);
      if (!stored.ok) throw new Error(stored.failure.message);
      return stored.value;
    };
    await store(await now());
    await ended(home, id);
    await hold(id);
    const first = await now();
    expect(await store(first), 'what was stored while it ran goes').toMatchObject({ newer: null });
    const rule = { code: 'MY_RULE', class: 1, reads: 'output', pattern: 'nothing at all', reason: 'broken', hint: 'mend it' } as const;
    const second = await now([rule]);
    expect(Buffer.compare(first.content, second.content)).not.toBe(0);
    expect(await store(second)).toEqual({
      path: `diag/base/${id}.tar.gz`,
      content: first.content,
      index: first.index,
      newer: digestOf(second.content),
    });
    expect(await store(first)).toMatchObject({ newer: null });
  });

  it('does not take the place of what is no bundle where its build is held', async () => {
    const id = await succeeded();
    await holdBuild(home.ports, id, 'ops', 'case 7');
    const one = await packed(home, id);
    await storeBundle(diagPorts(home), config, await home.build(id), one);
    await tamper(home, `diag/base/${id}.tar.gz`, () => 'another');
    expect(await storeBundle(diagPorts(home), config, await home.build(id), one)).toMatchObject({
      ok: false,
      failure: {
        rule: 'BUNDLE_INVALID',
        message: expect.stringMatching(/\.tar\.gz stays as it is, since its build is locked or held/) as string,
      },
    });
    expect(await readFile(join(home.home, `diag/base/${id}.tar.gz`), 'utf8')).toBe('another');
  });

  it('tells a life with a retry', async () => {
    const id = await running(home);
    await ended(home, id, failedPacker, failedScript(mirrorLine), 'FAILED');
    expect(await home.build(id)).toMatchObject({ state: 'retrying' });
    const open = await packed(home, id);
    expect(DiagTimeline.parse(documentOf(open, 'timeline.json')).due_at).not.toBeNull();
    home.pass(10 * 60_000);
    await home.step();
    await ended(home, id, { started_at: '2026-11-22T10:00:00.000Z' });
    const bundle = await packed(home, id);
    expect(states(documentOf(bundle, 'timeline.json'))).toEqual(['queued', 'running', 'retrying', 'running', 'succeeded']);
    expect(bundle.index.files.map(({ path }) => path).filter((path) => path.startsWith('attempt-'))).toEqual([
      'attempt-1/packer.log',
      'attempt-1/scrub-manifest.json',
      'attempt-2/packer.log',
      'attempt-2/scrub-manifest.json',
    ]);
  });
});

describe('the timeline of a build', () => {
  it('that was stopped before its retry has the retry that it waited for', async () => {
    const id = await running(home);
    await ended(home, id, failedPacker, failedScript(mirrorLine), 'FAILED');
    home.pass(1000);
    await stopBuild(home.ports, id, 'ops');
    await home.step();
    expect(states(documentOf(await packed(home, id), 'timeline.json'))).toEqual(['queued', 'running', 'retrying', 'stopped']);
  });

  it('whose chain turned out broken after its success was decided has no retry', async () => {
    const id = await running(home);
    const create = home.ports.objects.create.bind(home.ports.objects);
    home.ports.objects.create = async (key, content, tags) => {
      home.pass(1000);
      return key.endsWith('.hash.json') ? 'different' : create(key, content, tags);
    };
    await ended(home, id);
    expect(await home.build(id)).toMatchObject({ state: 'quarantined', attempts: [{ outcome: { verdict: { exit_code: 0 } } }] });
    expect(states(documentOf(await packed(home, id), 'timeline.json'))).toEqual(['queued', 'running', 'quarantined']);
  });
});

describe('a diag bundle says what is missing, and why', () => {
  const absent = async (id: Parameters<typeof packed>[1]) =>
    new Map((await packed(home, id)).index.absent.map(({ path, why }) => [path, why]));

  it('of a build that waits or runs', async () => {
    const [id, waiting] = [await running(home), await home.accepted()];
    expect(await absent(waiting)).toEqual(
      new Map([
        ['drift.json', 'there are not two manifests to compare'],
        ['manifest-before.json', 'the build is queued: it is written when it ends'],
        ['manifest.json', 'the build is queued: it is written when it ends'],
        ['result.json', 'the build is queued: it is written when it ends'],
        ['summary.json', 'the build is queued: it is written when it ends'],
      ]),
    );
    expect((await absent(id)).get('attempt-1/packer.log')).toBe('attempt 1 is not completed yet');
    expect((await packed(home, id)).index).toMatchObject({
      state: 'running',
      exit_code: null,
      rule: null,
      retention: { expires_at: null },
    });
    expect(states(documentOf(await packed(home, id), 'timeline.json'))).toEqual(['queued', 'running']);
  });

  it('of one that is quarantined before packer ran', async () => {
    const id = await running(home);
    const run = await home.handOver(id, {
      packer: null,
      command: null,
      failure: { rule: 'INPUT_SECRET', message: 'a secret', remedy: 'take it out' },
    });
    await tamper(home, keys.incoming(run).log, () => null);
    home.service.end('FAILED');
    await home.step();
    expect((await packed(home, id)).index).toMatchObject({ state: 'quarantined', exit_code: 3, rule: 'INPUT_SECRET' });
    expect((await absent(id)).get('manifest.json')).toBe('the build ended as quarantined, and sealed none');
    expect((await absent(id)).get('attempt-1/packer.log')).toBe('packer did not run in this attempt');
  });

  it('of one whose attempt never started, and of one that was stopped before its turn', async () => {
    const refused = await home.accepted();
    home.service.answerNext({ state: 'refused', failure: { rule: 'SERVICE_REFUSED', message: 'no project', remedy: 'deploy it' } });
    await home.step();
    expect((await absent(refused)).get('attempt-1/packer.log')).toBe('the run of this attempt was never started');
    const [, waiting] = [await running(home), await home.accepted()];
    await stopBuild(home.ports, waiting, 'ops');
    await home.step();
    const bundle = await packed(home, waiting);
    expect(bundle.index).toMatchObject({ state: 'stopped', rule: 'STOPPED' });
    expect(states(documentOf(bundle, 'timeline.json'))).toEqual(['queued', 'stopped']);
    expect(DiagVerdicts.parse(documentOf(bundle, 'verdicts.json'))).toMatchObject({ attempts: [], stop: { by: 'ops' } });
  });

  it('of one whose run left nothing', async () => {
    const id = await running(home);
    home.service.end('TIMED_OUT');
    await home.step();
    expect((await absent(id)).get('attempt-1/scrub-manifest.json')).toBe('this attempt handed nothing over, so nothing was scrubbed');
  });

  it('of one that has expired', async () => {
    const id = await succeeded();
    for (const { key } of (await packed(home, id)).index.files) if (key !== null) await tamper(home, key, () => null);
    expect((await absent(id)).get('summary.json')).toBe(
      `state/packer/logs/base/${id}.json is not there any more; it was to be kept until 2027-11-22T10:00:00.000Z at least`,
    );
    expect((await packed(home, id)).index.files.map(({ path }) => path)).toEqual([
      'rules.json',
      'timeline.json',
      'verdicts.json',
      'versions.json',
    ]);
  });

  it('of one whose log is damaged, or whose manifest or summary is not what was recorded', async () => {
    await succeeded();
    const id = await succeeded();
    await tamper(home, `state/packer/logs/base/${id}/1.log.gz`, (before) => before.slice(0, -1));
    await tamper(home, `artifacts/base/${id}.hash.json`, (before) =>
      Buffer.from(before).toString().replace('"attempt": 1', '"attempt": 2'),
    );
    await tamper(home, `state/packer/logs/base/${id}.json`, () => '{}');
    const { index } = await packed(home, id);
    expect(index.absent.map(({ path }) => path)).toEqual(['attempt-1/packer.log']);
    expect(index.absent[0]?.why).toContain('is damaged');
    expect(index.altered).toEqual([
      { path: 'manifest.json', why: expect.stringMatching(/^its digest is sha256:.* was recorded when it was sealed$/) as string },
      { path: 'summary.json', why: 'it is no log summary of this build' },
    ]);
    await tamper(home, `artifacts/base/${id}.hash.json`, () => '{}');
    expect((await packed(home, id)).index.altered[0]?.why).toContain('it cannot be read as a manifest');
  });
});

describe('a diag bundle names what is not as it was recorded', () => {
  const text = (before: Uint8Array) => Buffer.from(before).toString();
  const log = (before: Uint8Array) => gunzipSync(before).toString();
  const changes: readonly (readonly [path: string, key: string, change: (before: Uint8Array) => Uint8Array | string, why: RegExp])[] = [
    [
      'attempt-1/packer.log',
      'state/packer/logs/base/ID/1.log.gz',
      (before) => gzipSync(log(before).replace('1795378213', '1795378214')),
      /^its digest is sha256:\w+, and its scrub manifest has sha256:\w+$/,
    ],
    [
      'attempt-1/scrub-manifest.json',
      'state/packer/scrub/base/ID/1.json',
      (before) => text(before).replace('"attempt": 1', '"attempt": 2'),
      /^it is no scrub manifest of this attempt$/,
    ],
    [
      'result.json',
      'state/packer/results/base/ID.json',
      (before) => text(before).replace('"exit_code": 0', '"exit_code": 2'),
      /^it has the exit code 2, and 0 is recorded$/,
    ],
    ['result.json', 'state/packer/results/base/ID.json', () => '{}', /^it is no result of this build$/],
    [
      'summary.json',
      'state/packer/logs/base/ID.json',
      (before) => text(before).replace('"days": 365', '"days": 3'),
      /^it has the days 3, and 365 is recorded$/,
    ],
    [
      'summary.json',
      'state/packer/logs/base/ID.json',
      (before) => text(before).replace('"rule": "SUCCESS"', '"rule": "UNCHANGED"'),
      /^it has the attempts run-\S+ UNCHANGED 0, and run-\S+ SUCCESS 0 is recorded$/,
    ],
  ];

  it.each(changes)('%s, in any home: %s', async (path, key, change, why) => {
    const id = await succeeded();
    await tamper(home, key.replace('ID', id), change);
    for (const options of [{}, { kept: null }]) {
      const made = await bundleOf(home, id, options);
      expect(made.ok && made.value.index.altered).toEqual([{ path, why: expect.stringMatching(why) as string }]);
    }
  });

  it.each([
    ['attempt-1/scrub-manifest.json', 'state/packer/scrub/base/ID/1.json', '"lines": ', '"lines":  '],
    ['manifest.json', 'artifacts/base/ID.hash.json', '"attempt": ', '"attempt":  '],
    ['result.json', 'state/packer/results/base/ID.json', '"command": "', '"command": "no '],
    ['summary.json', 'state/packer/logs/base/ID.json', '"redactions": 0', '"redactions": 7'],
  ])('%s, whatever was changed in it, where the home records digests', async (path, pattern, from, to) => {
    const id = await succeeded();
    const key = pattern.replace('ID', id);
    await tamper(home, key, (before) => text(before).replace(from, to));
    expect((await packed(home, id)).index.altered).toEqual([
      {
        path,
        why: expect.stringMatching(`^the digest of ${key} is sha256:\\w+, and sha256:\\w+ was recorded when it was written$`) as string,
      },
    ]);
  });

  it('a log by the digest of its object, where its scrub manifest is not to be believed', async () => {
    const id = await succeeded();
    await tamper(home, `state/packer/logs/base/${id}/1.log.gz`, (before) => gzipSync(log(before).replace('1795378213', '1795378214')));
    await tamper(home, `state/packer/scrub/base/${id}/1.json`, () => '{}');
    expect((await packed(home, id)).index.altered.map(({ path }) => path)).toEqual([
      'attempt-1/packer.log',
      'attempt-1/scrub-manifest.json',
    ]);
  });

  it('but nothing of a build whose class was raised, or whose log was packed anew', async () => {
    const id = await succeeded();
    await tamper(home, `state/packer/logs/base/${id}/1.log.gz`, (before) => gzipSync(log(before), { level: 1 }));
    const policy = { ...config.retention, classes: { ...config.retention.classes, long: { days: 400 } } };
    expect(
      await raiseClass(changePortsOf({ ...home.ports, kept: home.kept }), policy, id, { class: 'long', by: 'ops', reason: 'case 7' }),
    ).toMatchObject({ ok: true });
    expect((await packed(home, id)).index.altered).toEqual([]);
  });
});

describe('a secret in what was to go into a bundle', () => {
  const key = ['AKIA', 'Q3EGRZ7N2JXWT5LV'].join('');

  it.each([
    [
      'in a log',
      'state/packer/logs/base/ID/1.log.gz',
      (text: Uint8Array) => gzipSync(`${gunzipSync(text).toString()}the key is ${key}\n`),
      /^attempt-1\/packer\.log:9: /,
    ],
    [
      'in a log, hidden by a colour',
      'state/packer/logs/base/ID/1.log.gz',
      (text: Uint8Array) => gzipSync(`${gunzipSync(text).toString()}the key is ${key.slice(0, 8)}\u001b[0m${key.slice(8)}\n`),
      /^attempt-1\/packer\.log:9: /,
    ],
    [
      'in a document',
      'state/packer/results/base/ID.json',
      (text: Uint8Array) => Buffer.from(text).toString().replace('"command": "', `"command": "${key} `),
      /^result\.json:2: /,
    ],
    [
      'behind an escape of JSON',
      'state/packer/results/base/ID.json',
      (text: Uint8Array) =>
        Buffer.from(text)
          .toString()
          .replace('"stderr": "', `"stderr": "one\\n\\u0041${key.slice(1)}`),
      /^result\.json, at stderr: /,
    ],
    [
      'in a manifest',
      'artifacts/base/ID.hash.json',
      (text: Uint8Array) => Buffer.from(text).toString().replace('"packer"', `"${key}"`),
      /^manifest\.json:\d+: /,
    ],
  ])('%s is a violation, told with its place and not with its text', async (_, pattern, change, place) => {
    const id = await succeeded();
    await tamper(home, pattern.replace('ID', id), change);
    const made = await bundleOf(home, id);
    expect(made).toMatchObject({ ok: false, failure: { rule: 'DIAG_SECRET' } });
    const told = made.ok ? undefined : made.failure;
    expect(told?.evidence?.some((line) => place.test(line))).toBe(true);
    expect(JSON.stringify(told)).not.toContain(key.slice(8));
  });

  it('is found by its value, too, where whoever asks knows it', async () => {
    const id = await running(home, {});
    await ended(home, id, { command: 'packer build -var name=tuesday-morning-rain base' });
    expect(await bundleOf(home, id)).toMatchObject({ ok: true });
    expect(await bundleOf(home, id, { secrets: [{ name: 'join_token', value: 'tuesday-morning-rain' }] })).toMatchObject({
      ok: false,
      failure: { rule: 'DIAG_SECRET', evidence: ['result.json:2: join_token'] },
    });
  });

  it('that the hook has taken out is none', async () => {
    const id = await running(home);
    await ended(home, id, { command: `packer build -var key=${key} base` }, [`1795378213,,ui,say,the key is ${key}`], 'FAILED');
    const bundle = await packed(home, id);
    expect(textIn(bundle, 'attempt-1/packer.log')).toMatch(/the key is \[REDACTED:/);
  });
});
