import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';

import { createRedactor } from '../../../core/scrub/redactor.ts';
import { createScrubActions } from '../../../core/scrub/scrub-action.ts';
import { createFileScrub, scrubManifest } from '../../../core/scrub/file-scrub.ts';
import { ScrubManifest } from '../../../core/scrub/scrub-manifest.ts';

const key = new Uint8Array(32).fill(5);
const of = { builder: 'debian-base', build_id: '01JD8Z4S1V6Q0T3M5N7P9R2WXY', attempt: 1 };

function scrub(file: string, lines: string[], withKey: Uint8Array = key) {
  const redactor = createRedactor({ values: [{ name: 'join_token', value: 'hunter22' }], key: withKey });
  const one = createFileScrub(file, redactor, withKey);
  const text = one.push(lines.map((line) => `${line}\n`).join('')) + one.rest();
  const scrubbed = text.split('\n').slice(0, -1);
  return { scrubbed, record: one.end() };
}

describe('a scrub manifest', () => {
  it('lists every redaction with its place after scrubbing', () => {
    const { scrubbed, record } = scrub('packer.log', ['ok', 'a hunter22 and hunter22', 'é hunter22']);
    expect(record.actions.map(({ rule, count, line, column }) => [rule, count, line, column])).toEqual([
      ['join_token', 1, 2, 3],
      ['join_token', 1, 2, (scrubbed[1]?.lastIndexOf('[REDACTED') ?? -1) + 1],
      ['join_token', 1, 3, 3],
    ]);
    expect(new Set(record.actions.map((action) => action.id)).size).toBe(1);
    const { builder, build_id, attempt } = ScrubManifest.parse({
      ...of,
      schema: 'hybridcore-packer/scrub-manifest/1',
      rule_set: record.digest_after,
      not_searched: [],
      files: [],
    });
    const manifest = scrubManifest({ builder, build_id, attempt }, ['b', 'a', 'b'], [record]);
    expect(ScrubManifest.parse(JSON.parse(JSON.stringify(manifest)))).toEqual(manifest);
    expect(manifest.not_searched).toEqual(['a', 'b']);
  });

  it('has the digest and size of what was written, and sizes before', () => {
    const { scrubbed, record } = scrub('packer.log', ['é', 'hunter22']);
    const written = scrubbed.map((line) => `${line}\n`).join('');
    expect(record).toMatchObject({
      lines: 2,
      bytes_before: 12,
      bytes_after: Buffer.byteLength(written),
      digest_after: `sha256:${createHash('sha256').update(written).digest('hex')}`,
    });
  });

  it('gives nothing to guess a secret by: the digest before is keyed, and equal only under one key', () => {
    const first = scrub('a', ['hunter22']).record.digest_before;
    expect(scrub('b', ['hunter22']).record.digest_before).toBe(first);
    expect(scrub('a', ['hunter23']).record.digest_before).not.toBe(first);
    expect(scrub('a', ['hunter22'], new Uint8Array(32).fill(6)).record.digest_before).not.toBe(first);
    expect(first).not.toContain(createHash('sha256').update('hunter22\n').digest('hex'));
  });

  it('stays bounded: beyond the limit actions are put together by rule and id, then by rule', () => {
    const actions = createScrubActions(3);
    for (const [index, id] of ['aaaaaaaa', 'aaaaaaaa', 'bbbbbbbb'].entries()) actions.add('R', id, index + 1, 1);
    expect(actions.aggregated()).toBe(false);
    for (const [index, id] of ['aaaaaaaa', 'cccccccc', 'dddddddd', 'eeeeeeee'].entries()) actions.add('R', id, index + 4, 7);
    expect(actions.aggregated()).toBe(true);
    expect(actions.list()).toEqual([
      { rule: 'R', id: 'aaaaaaaa', count: 3, line: 1, column: 1 },
      { rule: 'R', id: 'bbbbbbbb', count: 1, line: 3, column: 1 },
      { rule: 'R', id: 'cccccccc', count: 1, line: 5, column: 7 },
      { rule: 'R', id: null, count: 2, line: 6, column: 7 },
    ]);
  });
});
