import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { EC2Client, DescribeImagesCommand } from '@aws-sdk/client-ec2';
import { GetObjectCommand, ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import { afterAll, expect, inject, it } from 'vitest';

import { s3Objects } from '../../../adapters/aws/s3-objects.ts';
import { gzip } from '../../../adapters/local/gzip.ts';
import { systemRandomness } from '../../../adapters/local/system.ts';
import { tarArchive } from '../../../adapters/local/tar-archive.ts';
import { Config } from '../../../core/config.ts';
import { makeBundle, storeBundle } from '../../../core/diag/make-bundle.ts';
import { readBundle } from '../../../core/diag/read-bundle.ts';
import { replay } from '../../../core/diag/replay.ts';
import { BuildId, BuilderName } from '../../../core/identity.ts';
import { LogSummary } from '../../../core/log-summary.ts';
import { stopBuild } from '../../../core/stop.ts';
import { version as programVersion } from '../../../core/version.ts';
import { describeWithAwsCommandLine } from '../../fixtures/aws/aws-command-line.ts';
import { ebsBuilder, scriptBuilder } from '../../fixtures/aws/stage/image-repository.ts';
import { describeWithMoto } from '../../fixtures/aws/moto.ts';
import { type Stage } from '../../fixtures/aws/stage/stage.ts';
import { portOf } from './port-of.ts';
import { stageOfFile } from './stage-of-test.ts';
import { storedZip } from '../../fixtures/stored-zip.ts';

const secret = 'correct-horse-battery-staple-7f3a';
const licence = 'licence-9c1d-of-nobody-else';
const digest = (content: Uint8Array | string) => createHash('sha256').update(content).digest('hex');
const base = BuilderName.parse('base');
const version = inject('packer').version.replace(/[-+].*/, '');

describeWithMoto('the life of a build on AWS', () => {
  describeWithAwsCommandLine('as deployed', () => {
    let zip: Uint8Array = new Uint8Array();
    const releases = createServer((_request, response) => void response.end(zip));
    afterAll(() => void releases.close());
    const stage = stageOfFile(async () => {
      zip = storedZip('packer', await readFile(inject('packer').file));
      const sha256 = digest(zip);
      return {
        releases: `http://127.0.0.1:${await portOf(releases)}`,
        builders: {
          base: ebsBuilder({ retention: 'evidence', schedule: { cron: '0 3 ? * SUN *', only_if_changed: true, max_age: '30d' } }),
          typo: { ...ebsBuilder(), template: 'typo/typo.json' },
          sealed: scriptBuilder('secrets', {
            secrets: { join_token: 'secretsmanager:images/join#token', licence: 'ssm:/images/licence' },
          }),
          slow: scriptBuilder('slow'),
          pinned: {
            ...scriptBuilder('quick'),
            packer: { version, sha256: { linux_amd64: sha256, linux_arm64: sha256 } },
            aws: { compute: process.arch === 'arm64' ? 'small' : 'x86-small' },
          },
        },
        scripts: {
          quick: 'echo done',
          secrets: {
            text: 'echo "the token is $JOIN_TOKEN, the licence $LICENCE"\nprintf %s "$JOIN_TOKEN$LICENCE" | sha256sum',
            variables: { join_token: '', licence: '' },
          },
          slow: 'echo has begun\nsleep 60',
        },
        files: { 'typo/typo.json': JSON.stringify({ builders: [{ type: 'amazon-ebs', regoin: 'us-east-1' }] }) },
        secrets: { secrets: { 'images/join': JSON.stringify({ token: secret }) }, parameters: { '/images/licence': licence } },
      };
    });

    it('makes an AMI, whose id is in the sealed manifest, the record, the result and the announcement', async () => {
      const { world } = stage();
      const id = await stage().dispatch('base');
      const build = await stage().ended(id);
      expect(build).toMatchObject({ state: 'succeeded', attempts: [{ outcome: { verdict: { exit_code: 0 } } }] });
      const [image] = build.attempts[0]?.outcome?.artifacts ?? [];
      const [region, ami = ''] = image?.id.split(':') ?? [];
      expect(region).toBe('us-east-1');
      const { Images } = await new EC2Client(world.moto.clientOptions).send(new DescribeImagesCommand({ ImageIds: [ami] }));
      expect(Images).toMatchObject([{ OwnerId: '123456789012', Tags: [{ Key: 'made_by', Value: 'packer' }] }]);

      const sealed = `artifacts/base/${id}.hash.json`;
      const holdsIt = { artifacts: [{ id: `us-east-1:${ami}`, type: 'amazon-ebs' }] };
      expect(await stage().json(sealed)).toMatchObject({
        build_id: id,
        sequence: 1,
        previous: null,
        ...holdsIt,
        resolved: { base_images: [expect.stringMatching(/^us-east-1:ami-[0-9a-f]+$/)] },
      });
      expect(await stage().json('artifacts/base.hash.json')).toEqual(await stage().json(sealed));
      expect(await stage().json(build.result_path ?? '')).toMatchObject({ exit_code: 0, manifest_path: sealed, ...holdsIt });
      const written = { 'hybridcore:builder': 'base', 'hybridcore:build': id, 'hybridcore:retention': 'evidence' };
      expect(await stage().tags(sealed)).toEqual({ 'hybridcore:kind': 'hash-manifest', ...written });
      const seal = world.proxy.calls.find(({ action, parameters }) => action === 'PutObject' && parameters['key'] === sealed);
      expect(seal?.headers).toMatchObject({ 'if-none-match': '*', 'x-amz-object-lock-mode': 'GOVERNANCE' });
      expect(stage().announced(id)).toMatchObject([{ build_id: id, builder: 'base', state: 'succeeded', exit_code: 0 }]);
      // Whose hands it went through.
      expect(seal?.principal).toBe(stage().parts.host('complete').definition.roleName);
      expect(world.proxy.calls.some(({ principal, action }) => principal === stage().roleOf('base') && action === 'CreateImage')).toBe(
        true,
      );
      expect(world.proxy.calls.filter(({ outcome, action }) => outcome === 'denied' && action !== 'GetObject')).toEqual([]);
    });

    it('leaves a summary of all that it was, and a diag bundle from which its verdict is given again', async () => {
      const { records, s3, bucket } = stage();
      const [build] = (await records.listBuilds(base, { limit: 1 })).items;
      if (build === undefined) throw new Error('a build of this builder has ended');
      const evidence = { days: 2555, lock: 'GOVERNANCE' } as const;
      expect(LogSummary.parse(await stage().json(build.summary_path ?? ''))).toMatchObject({
        attempts: [{ run: build.attempts[0]?.run, log: build.attempts[0]?.outcome?.log, verdict: { exit_code: 0 } }],
        manifest: build.manifest,
        diag_path: `diag/base/${build.build_id}.tar.gz`,
        tools: { hybridcore_packer: programVersion, packer: version },
        retention: { class: 'evidence', ...evidence },
      });
      const own = Config.parse({ version: 1, builders: { base: { template: 'base' } } });
      const policy = { default: 'evidence', classes: { evidence } };
      const clock = { now: () => Date.now() };
      const objects = s3Objects(s3, { bucket, policy, clock });
      const ports = { records, objects, kept: null, compression: gzip, archive: tarArchive, randomness: systemRandomness, clock };
      const made = await makeBundle(ports, own, build, [{ name: 'join_token', value: secret }]);
      if (!made.ok) throw new Error(made.failure.message);
      expect(made.value.index).toMatchObject({ altered: [], retention: { class: 'evidence', ...evidence } });
      const put = await storeBundle(ports, own, build, made.value);
      if (!put.ok) throw new Error(put.failure.message);
      const key = put.value.path;
      expect(await stage().tags(key)).toMatchObject({ 'hybridcore:kind': 'diag', 'hybridcore:retention': 'evidence' });
      const stored = await objects.read(key, { bytes: made.value.content.length });
      const bundle = await readBundle(ports, stored.state === 'read' ? stored.content : new Uint8Array());
      if (!bundle.ok) throw new Error(bundle.failure.message);
      expect(replay(bundle.value)).toMatchObject({ ok: true, value: { attempts: [{ outcome: 'same', is: { rule: 'SUCCESS' } }] } });
    });

    it('gives one build for one scheduled time, and skips it where nothing changed', async () => {
      const { records } = stage();
      const before = (await records.listBuilds(base, { limit: 50 })).items.length;
      const time = new Date('2026-11-29T03:00:00Z');
      for (let delivery = 0; delivery < 2; delivery += 1)
        expect(await stage().fire('base', time)).toMatchObject({ state: 'invoked', setAside: false });
      const { items } = await records.listBuilds(base, { limit: 50 });
      expect(items).toHaveLength(before + 1);
      const scheduled = items.find(({ requested_by: by }) => by === 'schedule');
      const build = await stage().ended(BuildId.parse(scheduled?.build_id));
      expect(build).toMatchObject({ state: 'skipped', attempts: [] });
      expect(await stage().json(build.result_path ?? '')).toMatchObject({ exit_code: 0, state: 'skipped' });
    });

    it('ends a template that is wrong with 1, once, and says what is wrong', async () => {
      const id = await stage().dispatch('typo');
      const build = await stage().ended(id);
      expect(build).toMatchObject({ state: 'failed', manifest: null });
      expect(build.attempts).toHaveLength(1);
      const result = await stage().json(build.result_path ?? '');
      expect(result).toMatchObject({
        exit_code: 1,
        retryable: false,
        manifest_path: null,
        stderr: expect.stringContaining('regoin') as string,
      });
      expect(stage().told(id)).toEqual([]);
    });

    it('installs the pinned packer by its checksum, and fetches the command line that was deployed', async () => {
      const id = await stage().dispatch('pinned');
      const build = await stage().ended(id);
      expect(build.state).toBe('succeeded');
      expect(await stage().json(`artifacts/pinned/${id}.hash.json`)).toMatchObject({ resolved: { packer: version } });
      const fetched = stage().world.proxy.calls.filter(
        ({ principal, action }) => principal === stage().roleOf('pinned') && action === 'GetObject',
      );
      expect(
        fetched.some(({ parameters }) => String(parameters['bucket']).startsWith('cdk-') && String(parameters['key']).endsWith('.cjs')),
      ).toBe(true);
    });

    it('gives packer its secrets, and nobody else', async () => {
      const id = await stage().dispatch('sealed');
      const build = await stage().ended(id);
      expect(build).toMatchObject({ state: 'succeeded' });
      const log = await logOf(stage(), `state/packer/logs/sealed/${id}/1.log.gz`);
      expect(log).toContain(digest(secret + licence));
      expect(log).toContain('the token is [REDACTED');
      const console = await stage().codebuild.console(build.attempts[0]?.run ?? '');
      for (const [where, text] of [['console', console], ...(await everythingOf(stage()))] as const)
        for (const value of [secret, licence]) expect(text, where).not.toContain(value);
    });

    it('ends a build kindly that is stopped: packer tidies up, and no force is used', async () => {
      const { records } = stage();
      const id = await stage().dispatch('slow');
      const run = (await records.readBuild(id))?.attempts[0]?.run ?? '';
      await expect.poll(() => stage().codebuild.console(run), { timeout: 90_000 }).toContain('has begun');
      await stopBuild({ records, clock: { now: () => Date.now() } }, id, 'an operator');
      await stage().invoke('reconcile', {});
      const build = await stage().ended(id);
      expect(build).toMatchObject({ state: 'stopped' });
      expect(await stage().json(build.result_path ?? '')).toMatchObject({ exit_code: 1, classification: { rule: 'STOPPED' } });
      expect(await logOf(stage(), `state/packer/logs/slow/${id}/1.log.gz`)).toContain('Cleanly cancelled builds after being interrupted');
      expect(stage().world.proxy.calls.filter(({ action }) => action === 'StopBuild')).toEqual([]);
    });
  });
});

async function logOf({ s3, bucket }: Stage, key: string): Promise<string> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  return gunzipSync((await Body?.transformToByteArray()) ?? new Uint8Array()).toString('utf8');
}

/** Every place in which something of a build is kept or told: names and texts. */
async function everythingOf(stage: Stage): Promise<readonly (readonly [string, string])[]> {
  const { s3, bucket, table, world, lines, stateChanges } = stage;
  const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket: bucket }));
  const objects = await Promise.all(
    Versions.map(async ({ Key = '', VersionId }) => {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key, ...(VersionId === undefined ? {} : { VersionId }) }));
      const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array();
      return [Key, (Key.endsWith('.gz') ? gunzipSync(bytes) : Buffer.from(bytes)).toString('utf8')] as const;
    }),
  );
  const { Items } = await new DynamoDBClient(world.moto.clientOptions).send(new ScanCommand({ TableName: table }));
  const calls = world.proxy.calls.filter(({ service }) => service !== 'secretsmanager' && service !== 'ssm');
  return [
    ...objects,
    ['the table', JSON.stringify(Items)],
    ['the logs of the functions', lines.join('\n')],
    ['the events of the build service', JSON.stringify(stateChanges)],
    ['what was asked of AWS', JSON.stringify(calls.map(({ parameters, headers }) => [parameters, headers]))],
  ];
}
