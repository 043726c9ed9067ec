import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';

import { Result } from '../../core/result.ts';
import {
  RetentionAuditDocument,
  RetentionHoldDocument,
  RetentionReportDocument,
  RetentionSweepDocument,
} from '../../core/retention/documents.ts';
import { type Rig, fileTemplate, rig } from '../fixtures/rig.ts';
import { publishedSchemaFaults } from './published-schema.ts';

async function document(images: Rig, schema: string, ...words: readonly string[]): Promise<unknown> {
  const ended = await images.run('retention', ...words, '--json');
  expect(ended.stderr).toBe('');
  expect(await publishedSchemaFaults(schema, ended.json())).toEqual([]);
  return ended.json();
}

/** Lets a build have ended so many days earlier. */
function age(images: Rig, build: string, days: number): void {
  const database = new DatabaseSync(join(images.root, 'state/hybridcore.db'));
  const moment = new Date(Date.now() - days * 86_400_000).toISOString();
  database.prepare("UPDATE builds SET document = json_set(document, '$.finished_at', ?) WHERE build_id = ?").run(moment, build);
  database.close();
}

const classes = '{ short: { days: 30 }, evidence: { days: 2555, lock: GOVERNANCE } }';
const config = (each: string) => `version: 1\nretention: { default: short, classes: ${each} }\nbuilders:\n  base: { template: base }\n`;

describe('retention', () => {
  it('shows what has expired, deletes it when told to, keeps what is held or locked, and the chain holds', async () => {
    const images = await rig({
      'hybridcore.yaml': config(classes),
      'base/base.pkr.hcl': fileTemplate('out/image.txt', '${path.root}/run.sh'),
      'base/run.sh': '#!/bin/sh\n',
    });
    const built = async (...words: readonly string[]) =>
      Result.parse((await images.run('build', 'base', ...words, '--json')).json()).build_id ?? '';
    const [first, held, locked] = [await built(), await built(), await built('--retention', 'evidence')];
    expect(RetentionAuditDocument.parse(await document(images, 'retention-audit', 'audit', '--deep'))).toMatchObject({
      exit_code: 0,
      findings: [],
    });

    for (const id of [first, held, locked]) age(images, id, 31);
    const hold = RetentionHoldDocument.parse(await document(images, 'retention-hold', 'hold', held, '--reason', 'case 7'));
    expect(hold).toMatchObject({ build_id: held, hold: { reason: 'case 7' }, hold_released: null });
    const planned = RetentionSweepDocument.parse(await document(images, 'retention-sweep', 'sweep'));
    expect(planned).toMatchObject({ exit_code: 0, deleted: false, problems: [] });
    expect(planned.objects.map(({ build_id: id }) => id)).toEqual(Array.from({ length: 5 }, () => first));
    expect(planned.spared.map(({ build_id: id, why }) => `${id} ${why}`)).toEqual(Array.from({ length: 5 }, () => `${held} held`));
    expect((await stat(join(images.root, `state/packer/results/base/${first}.json`))).isFile()).toBe(true);

    expect(await images.run('diag', first)).toMatchObject({ code: 1, stderr: expect.stringMatching(/^GONE .*--output FILE/s) as string });
    expect((await images.run('diag', first, '--output', 'first.tar.gz')).code).toBe(0);
    expect((await images.run('diag', held)).code).toBe(0);

    // A policy that promises less takes nothing back of what is locked.
    await images.write('hybridcore.yaml', config('{ short: { days: 1 } }'));
    expect((await images.run('retention', 'sweep', '--yes')).stdout).toMatch(
      /\ndeleted: 5 objects \(\d+ bytes\)\nkept though their time is over: 6 \(6 held\)\n$/,
    );
    await images.write('hybridcore.yaml', config(classes));
    await expect(stat(join(images.root, `state/packer/results/base/${first}.json`))).rejects.toThrow(/ENOENT/);
    expect((await images.run('verify')).stdout).toMatch(
      new RegExp(`^base: holds, 2 manifests, .*\\n {2}begins with build ${held} \\(number 2\\): older ones have expired\\n$`),
    );
    expect((await images.run('logs', first)).stdout).toMatch(/\[state\/packer\/logs\/base\/\w+\/1\.log\.gz has expired: it goes since /);
    expect((await images.run('publish', 'base', '--build', first)).stderr).toMatch(/^BUILD_NOT_PUBLISHABLE .* has expired/);
    expect((await images.run('retention', 'release', held, '--reason', 'closed')).stdout).toBe(
      `build ${held} is held no more: it expires as its class says\n`,
    );

    const report = await images.run('retention', 'report', '--since', '2026-01-01');
    expect(report.stdout).toMatch(/^retention at [^\n]+\npolicy sha256:[0-9a-f]{64}\n\nclass +days +lock\n/);
    const evidence = RetentionReportDocument.parse(await document(images, 'retention-report', 'report', '--since', '2026-01-01'));
    expect(evidence.deletions.map(({ key }) => key)).toEqual(planned.objects.map(({ key }) => key));
    expect(evidence.holds).toMatchObject([{ build_id: held, hold: null, hold_released: { reason: 'closed' } }]);
    // Who held it before is told as well once it is held again.
    await images.run('retention', 'hold', held, '--reason', 'case 8');
    const again = RetentionReportDocument.parse(await document(images, 'retention-report', 'report', '--since', '2026-01-01'));
    expect(again.holds).toMatchObject([{ hold: { reason: 'case 8' }, past_holds: [{ reason: 'case 7', released: { reason: 'closed' } }] }]);
    const lines = (await images.run('retention', 'report', '--since', '2026-01-01')).stdout.split('\n');
    expect(lines.flatMap((line) => /^(\w+): \w{26} at \S+ by \S+: (.*)$/.exec(line)?.slice(1).join(' ') ?? [])).toEqual([
      'held case 7',
      'released closed',
      'held case 8',
    ]);
    expect(evidence.classes.map(({ class: name }) => name)).toEqual(['evidence', 'short']);
    for (const day of ['yesterday', '2026-02-30', '2999-01-01'])
      expect(await images.run('retention', 'report', '--since', day)).toMatchObject({ code: 1, stdout: '' });
    expect((await images.run('retention', 'hold', locked, '--reason', 'case 7\nreleased: all')).stderr).toMatch(
      /^REQUEST_INVALID .* has a line break/s,
    );

    const sealed = `state/packer/results/base/${locked}.json`;
    await rm(join(images.root, sealed));
    const audit = await images.run('retention', 'audit');
    expect(audit.code).toBe(3);
    expect(audit.stdout).toMatch(new RegExp(`gone-early +evidence +${sealed} is gone: its build ended at `));
  });
});
