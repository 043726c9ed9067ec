import { execFile, spawnSync } from 'node:child_process';
import { chmod, cp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';

import { gzip } from '../../adapters/local/gzip.ts';
import { tarArchive } from '../../adapters/local/tar-archive.ts';
import { DiagDocument, DiagReplayDocument } from '../../core/diag/diag-documents.ts';
import { readBundle } from '../../core/diag/read-bundle.ts';
import { replay } from '../../core/diag/replay.ts';
import { Result } from '../../core/result.ts';
import { publishedSchemaFaults } from './published-schema.ts';
import { type Rig, fileTemplate, rig } from '../fixtures/rig.ts';

let blocks: ReadonlyMap<string, string>;
let document: string;

beforeAll(async () => {
  document = await readFile(resolve(import.meta.dirname, '../../docs/diag.md'), 'utf8');
  blocks = new Map([...document.matchAll(/```sh\n# (\w+)\n([^]*?)```/g)].map(([, name = '', text = '']) => [name, text]));
});

/** Runs a block of docs/diag.md, as it stands there, where the bundle is. */
function shell(folder: Rig, name: string): Promise<{ readonly code: number; readonly output: string }> {
  const text = blocks.get(name);
  if (text === undefined) throw new Error(`the document has no block ${name}`);
  return new Promise((done) => {
    execFile('sh', ['-c', text], { cwd: folder.root }, (error, stdout, stderr) => {
      done({ code: error === null ? 0 : 1, output: stdout + stderr });
    });
  });
}

const script = (text: string) => `#!/bin/sh\nset -eu\n${text}\n`;
const token = ['ghp_', 'a1B2c3D4e5F6'.repeat(3)].join('');
const ownRule = (exitClass: number) => `rules:
  - code: MIRROR_LOCKED
    class: ${exitClass}
    reads: output
    pattern: locked for maintenance
    reason: the mirror is locked for a while
    hint: Wait until the mirror is open again.
`;
const settings = `version: 1
retention: { default: short, classes: { short: { days: 30 }, long: { days: 400 } } }
builders:
  good: { template: good, retention: long }
  bad: { template: bad }
  locked: { template: locked, retry: { delay: 1s } }
  leak: { template: leak }
  slow: { template: slow }
`;

function repository(): Promise<Rig> {
  return rig({
    'hybridcore.yaml': settings + ownRule(2),
    'good/good.pkr.hcl': fileTemplate('out/good.txt', '${path.root}/run.sh'),
    'good/run.sh': script('echo "https://user:$(echo s3cr3t)@example.org/"'),
    'bad/bad.pkr.hcl': fileTemplate('out/bad.txt', '${path.root}/run.sh'),
    'bad/run.sh': script('exit 7'),
    'locked/locked.pkr.hcl': fileTemplate('out/locked.txt', '${path.root}/run.sh'),
    'locked/run.sh': script('echo "mirror.example.org: locked for maintenance" >&2\nexit 7'),
    'slow/slow.pkr.hcl': fileTemplate('out/slow.txt', '${path.root}/run.sh'),
    'slow/run.sh': script('touch started; sleep 60'),
    'leak/leak.pkr.hcl': fileTemplate('out/leak.txt', '${path.root}/run.sh'),
    'leak/run.sh': script(`TOKEN=${token}`),
  });
}

async function built(images: Rig, ...words: readonly string[]): Promise<string> {
  const result = Result.parse((await images.run('build', ...words, '--json')).json());
  if (result.build_id === null) throw new Error(result.stderr);
  return result.build_id;
}

/** A build that a person stops with Ctrl-C while packer runs. */
async function stopped(images: Rig): Promise<string> {
  const build = images.start(['build', 'slow', '--json']);
  while (!(await readdir(images.root)).includes('started')) await new Promise((resolved) => setTimeout(resolved, 50));
  build.process.kill('SIGINT');
  return Result.parse((await build.ended).json()).build_id ?? '';
}

async function diag(images: Rig, id: string, ...options: readonly string[]): Promise<DiagDocument> {
  const ended = await images.run('diag', id, '--json', ...options);
  expect(ended.code, ended.stderr + ended.stdout).toBe(0);
  return DiagDocument.parse(ended.json());
}

async function replayed(images: Rig, ...words: readonly string[]): Promise<DiagReplayDocument> {
  const ended = await images.run('diag', 'replay', ...words, '--json');
  expect(await publishedSchemaFaults('diag-replay', ended.json())).toEqual([]);
  const replayedAs = DiagReplayDocument.parse(ended.json());
  expect(ended.code).toBe(replayedAs.exit_code);
  return replayedAs;
}

const schemaOf = (path: string) =>
  ({
    'manifest-before.json': 'hash-manifest',
    'manifest.json': 'hash-manifest',
    'result.json': 'result',
    'summary.json': 'log-summary',
    'attempt-1/scrub-manifest.json': 'scrub-manifest',
    'attempt-2/scrub-manifest.json': 'scrub-manifest',
  })[path] ?? `diag-${path.replace('.json', '')}`;

const hasJq = spawnSync('jq', ['--version']).status === 0;

/** Without jq the tests are skipped by name on a developer's machine, and fail in CI. */
describe.skipIf(!hasJq && process.env['CI'] === undefined)('diag, with real packer (jq is needed: apt-get install jq)', () => {
  it(
    'packs builds of every end: the same bytes each time, each document as its schema says, each verdict given again',
    { timeout: 120_000 },
    async () => {
      const images = await repository();
      const first = await built(images, 'good');
      await images.write('good/run.sh', script('echo "https://user:$(echo s3cr3t)@example.org/ again"'));
      const ends = [
        ['succeeded', await built(images, 'good'), ['SUCCESS']],
        ['skipped', await built(images, 'good', '--only-if-changed'), []],
        ['failed', await built(images, 'bad'), ['SCRIPT_EXIT']],
        ['escalated', await built(images, 'locked'), ['MIRROR_LOCKED', 'MIRROR_LOCKED']],
        ['quarantined', await built(images, 'leak'), ['INPUT_SECRET']],
        ['stopped', await stopped(images), ['STOPPED']],
      ] as const;
      const bundles = new Map<string, DiagDocument>();
      const checked = new Set<string>();
      for (const [state, id, rules] of ends) {
        const made = await diag(images, id);
        expect(made.index.state).toBe(state);
        bundles.set(state, made);
        const bundle = await readBundle({ compression: gzip, archive: tarArchive }, await readFile(join(images.root, made.path)));
        if (!bundle.ok) throw new Error(bundle.failure.message);
        for (const [path, content] of bundle.value.files) {
          if (!path.endsWith('.json') || checked.has(path)) continue;
          checked.add(path);
          expect(await publishedSchemaFaults(schemaOf(path), JSON.parse(new TextDecoder().decode(content))), path).toEqual([]);
        }
        const again = replay(bundle.value);
        expect(again.ok && again.value.attempts.map(({ outcome, is }) => [outcome, is?.rule])).toEqual(rules.map((rule) => ['same', rule]));
      }
      expect(await publishedSchemaFaults('diag-index', bundles.get('stopped')?.index)).toEqual([]);
      expect(bundles.get('succeeded')).toMatchObject({ index: { absent: [], retention: { class: 'long', days: 400 } } });

      const [[, id]] = ends;
      const made = bundles.get('succeeded');
      // Another time, another place, another name.
      const elsewhere = await rig({});
      await cp(images.root, elsewhere.root, { recursive: true });
      expect((await diag(elsewhere, id, '--output', 'bundle.tar.gz')).digest).toBe(made?.digest);
      expect(await readFile(join(elsewhere.root, 'bundle.tar.gz'))).toEqual(await readFile(join(images.root, made?.path ?? '')));
      const listed = spawnSync('tar', ['--utc', '--numeric-owner', '-tvzf', join(elsewhere.root, 'bundle.tar.gz')]).stdout.toString();
      for (const line of listed.trim().split('\n')) expect(line).toMatch(/^-rw-r--r-- 0\/0 +\d+ 1970-01-01 00:00 [a-z0-9/.-]+$/);

      expect(await shell(elsewhere, 'files')).toEqual({ code: 0, output: 'the files are those of the index\n' });
      expect((await shell(elsewhere, 'build')).output).toBe(
        `good ${id} succeeded SUCCESS\nkept until ${made?.index.retention.expires_at} as long\n`,
      );
      expect(await shell(elsewhere, 'manifest')).toEqual({ code: 0, output: 'the manifests are those of the chain\n' });
      expect((await shell(elsewhere, 'log')).output).toMatch(
        /^the log is that of the scrub manifest\npacker\.log: \w+, 1 from line \d+\n$/,
      );
      const verdicts = (await shell(elsewhere, 'verdicts')).output;
      expect(verdicts).toMatch(/^attempt 1: SUCCESS \(exit code 0\)\n/);
      expect(verdicts.split('\n').flatMap((line) => /^\S+Z (\w+)$/.exec(line)?.[1] ?? [])).toEqual(['queued', 'running', 'succeeded']);
      expect(await elsewhere.json('bundle/drift.json')).toMatchObject({
        before: { build_id: first },
        changes: { changed: [{ name: 'good/run.sh', changed: ['digest'] }] },
      });
      await elsewhere.write('bundle/result.json', '{}');
      const folder = join(elsewhere.root, 'bundle');
      await writeFile(join(elsewhere.root, 'bundle.tar.gz'), spawnSync('tar', ['-cz', '-C', folder, ...(await readdir(folder))]).stdout);
      await rm(folder, { recursive: true });
      expect((await shell(elsewhere, 'files')).code).toBe(1);
    },
  );

  it('names the rule that was changed, keeps a secret from leaving, and tells a bundle that was tampered with', async () => {
    const images = await repository();
    await images.write('hybridcore.yaml', settings + ownRule(1));
    const id = await built(images, 'locked');
    const { path, ...made } = await diag(images, id);
    expect(await publishedSchemaFaults('diag', { path, ...made })).toEqual([]);
    const summary = `state/packer/logs/locked/${id}.json`;
    const sealed = await images.read(summary);
    for (const file of [summary, '.']) {
      const refused = await images.run('diag', id, '--output', file);
      expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/^USAGE \(exit code 1\): --output /) as string]);
    }
    expect(await images.read(summary)).toBe(sealed);
    await images.write('hybridcore.yaml', settings + ownRule(2));
    expect(await replayed(images, path)).toMatchObject({ exit_code: 0 });
    const changed = await replayed(images, path, '--rules', 'hybridcore.yaml');
    expect(changed).toMatchObject({ exit_code: 1, attempts: [{ outcome: 'differs' }] });
    const told = await images.run('diag', 'replay', path, '--rules', 'hybridcore.yaml');
    expect(told.stdout).toContain('attempt 1: another: was MIRROR_LOCKED (exit code 1), is MIRROR_LOCKED (exit code 2)');
    expect(told.stdout).toContain('the rule MIRROR_LOCKED was changed: class was 1 and is 2');

    const bundle = await readFile(join(images.root, path));
    // Of what is held the first bundle stays, though the rules have changed since.
    await images.run('retention', 'hold', id, '--reason', 'case 7');
    const kept = await diag(images, id);
    expect(kept).toMatchObject({ path, digest: made.digest, index: made.index });
    expect(await readFile(join(images.root, path))).toEqual(bundle);
    expect(await diag(images, id, '--output', 'now.tar.gz')).toMatchObject({ digest: kept.newer, newer: null });
    expect((await images.run('diag', id)).stdout).toContain('this is the bundle that was stored first');
    await images.run('retention', 'release', id, '--reason', 'case 7 is closed');

    const tar = gunzipSync(bundle);
    tar.write('X', tar.indexOf('locked for maintenance'), 'latin1');
    await images.write('tampered.tar.gz', gzipSync(tar));
    const tampered = await images.run('diag', 'replay', 'tampered.tar.gz', '--json');
    expect(tampered.code).toBe(3);
    expect(Result.parse(tampered.json()).classification).toMatchObject({
      rule: 'BUNDLE_TAMPERED',
      evidence: [expect.stringMatching(/^"[a-z0-9./-]+" was changed: /) as string],
    });
    await images.write('cut.tar.gz', bundle.subarray(0, -100));
    const cut = await images.run('diag', 'replay', 'cut.tar.gz');
    expect([cut.code, cut.stderr]).toEqual([1, expect.stringContaining('BUNDLE_INVALID') as string]);
    expect((await images.run('diag', 'replay', 'none.tar.gz')).code).toBe(1);

    const log = join(images.root, `state/packer/logs/locked/${id}/1.log.gz`);
    await chmod(log, 0o644);
    await writeFile(log, gzipSync(`${gunzipSync(await readFile(log)).toString()}1795378213,,ui,say,the token is ${token}\n`));
    for (const options of [[], ['--output', 'elsewhere.tar.gz']]) {
      const refused = await images.run('diag', id, ...options);
      expect(refused.code).toBe(3);
      expect(refused.stderr).toMatch(/^DIAG_SECRET \(exit code 3\): .*attempt-1\/packer\.log:\d+: GITHUB_TOKEN/);
      expect(refused.stderr + refused.stdout).not.toContain(token);
    }
    expect(await readdir(images.root)).not.toContain('elsewhere.tar.gz');
    // What was packed before is untouched, and nothing half-written stands beside it.
    expect(await readdir(join(images.root, 'diag/locked'))).toEqual([`${id}.tar.gz`]);
    expect(await readFile(join(images.root, path))).toEqual(bundle);
  });
});

it('docs/diag.md names every file that a bundle can have', () => {
  const named = [...document.matchAll(/^\| `([a-z0-9/.-]+)` \|/gm)].map(([, name]) => name);
  expect(named).toEqual([
    'index.json',
    'summary.json',
    'result.json',
    'manifest.json',
    'manifest-before.json',
    'drift.json',
    'attempt-1/packer.log',
    'attempt-1/scrub-manifest.json',
    'attempt-2/...',
    'verdicts.json',
    'rules.json',
    'timeline.json',
    'versions.json',
  ]);
});
