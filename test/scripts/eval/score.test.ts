import { describe, expect, it } from 'vitest';

import { parseLabelledLogs } from '../../../scripts/eval/labelled-logs.ts';
import { scoreOf, scoreText } from '../../../scripts/eval/score.ts';
import { failedTarget } from '../../core/classification/logs.ts';

const success = [
  '1795380255,,ui,say,\\n==> Builds finished. The artifacts of successful builds are:',
  '1795380255,file.a,artifact,0,id,File',
  '1795380255,file.a,artifact,0,end',
];
const throttled = failedTarget('amazon-ebs.a', 'RequestLimitExceeded: Request limit exceeded.');
const config = failedTarget('amazon-ebs.a', 'No AMI was found matching filters: {}');

function labelled(id: string, lines: readonly string[], label: number, alternative: number | null, exitCode = 1): string {
  return JSON.stringify({ id, log: lines.join('\n'), exit_code_of_packer: exitCode, label, alt_label: alternative, why: 'for people' });
}

function score(...lines: readonly string[]) {
  return scoreOf(parseLabelledLogs(`${lines.join('\n')}\n`));
}

describe('the score of a labelled set', () => {
  it('holds where each verdict is the label', () => {
    const all = score(labelled('a', success, 0, null, 0), labelled('b', throttled, 2, null), labelled('c', config, 1, null));
    expect(all).toMatchObject({ count: 3, strict: 1, alternative: 1, misses: [], holds: true });
    expect(all.confusion[2]).toEqual({ 0: 0, 1: 0, 2: 1, 3: 0 });
    expect(scoreText(all)).toContain('All targets hold.');
  });

  it('names each miss with its rule, and whether the alternative label allows it', () => {
    const one = score(labelled('a', throttled, 1, 2), labelled('b', throttled, 3, null));
    expect(one).toMatchObject({ strict: 0, alternative: 0.5, holds: false });
    expect(scoreText(one)).toContain('alternative a: 1 or 2, but 2 by AWS_THROTTLED');
    expect(scoreText(one)).toContain('miss        b: 3, but 2 by AWS_THROTTLED');
  });

  it('does not hold, however good the rest, where what must never happen did', () => {
    const good = Array.from({ length: 99 }, (_, at) => labelled(`good-${at}`, config, 1, null));
    expect(score(...good, labelled('z', throttled, 2, null)).holds).toBe(true);
    const cases = [
      [labelled('z', throttled, 1, null), 'never that a config error is called transient: broken by z'],
      [labelled('z', throttled, 3, null), 'never that a violation is called transient: broken by z'],
      [labelled('z', config, 0, null), 'never that a success is called a failure: broken by z'],
    ] as const;
    for (const [line, says] of cases) {
      const one = score(...good, line);
      expect(one.holds).toBe(false);
      expect(scoreText(one)).toContain(says);
    }
  });

  it('does not hold for a set without logs', () => {
    expect(score().holds).toBe(false);
  });
});

describe('a labelled set', () => {
  it('is refused with the number of the line that is none', () => {
    const sound = labelled('a', config, 1, null);
    expect(() => score(sound, '{')).toThrow('line 2: this is no JSON');
    expect(() => score(sound, '', labelled('b', config, 4, null))).toThrow(/^line 3: label: /);
    expect(() => score(sound, sound)).toThrow('line 2: there is another log with the id "a"');
  });
});
