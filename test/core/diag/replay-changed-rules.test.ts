import { beforeEach, describe, expect, it } from 'vitest';

import { advance } from '../../../core/advance.ts';
import { ruleTable, ruleTableDigest } from '../../../core/classification/rule-table.ts';
import { Config } from '../../../core/config.ts';
import { documentText } from '../../../core/document-text.ts';
import { type DiagRules, DiagVerdicts } from '../../../core/diag/bundle-documents.ts';
import { type ReadBundle } from '../../../core/diag/read-bundle.ts';
import { type Replay, replay } from '../../../core/diag/replay.ts';
import { type Dispatcher, base, config, dispatcher } from '../../fixtures/dispatcher.ts';
import { documentOf, ended, failedPacker, failedScript, mirrorLine, packed, played, running } from './bundles.ts';

let home: Dispatcher;

beforeEach(async () => {
  home = await dispatcher();
});

/** The rule of each attempt, as it was given and as it is given again. */
const rules = (again: Replay) => again.attempts.map(({ was, is }) => [was?.rule, is?.rule]);

/** The bundle with a document of it replaced. */
function withDocument(bundle: ReadBundle, path: string, document: unknown): ReadBundle {
  return { ...bundle, files: new Map([...bundle.files, [path, new TextEncoder().encode(documentText(document))]]) };
}

describe('where a rule was changed, the replay names it', () => {
  const own = (changes: object = {}) => {
    const rule = {
      code: 'MIRROR_LOCKED',
      class: 2,
      reads: 'output',
      pattern: 'locked for maintenance',
      reason: 'the mirror is locked for a while',
      hint: 'Wait until the mirror is open again.',
      ...changes,
    };
    return Config.parse({ ...config, rules: [rule] });
  };

  /** @param later the rules as they are when the bundle is made. */
  async function lockedOut(later = own()): Promise<ReadBundle> {
    const id = await home.accepted();
    await advance(home.ports, own(), base);
    await home.handOver(id, failedPacker, failedScript('mirror.example.org: locked for maintenance'));
    home.service.end('FAILED');
    await advance(home.ports, own(), base);
    return packed(home, id, later);
  }

  it('says the same with the rules of the bundle, and with the same rules again', async () => {
    const bundle = await lockedOut();
    expect(rules(played(bundle))).toEqual([['MIRROR_LOCKED', 'MIRROR_LOCKED']]);
    expect(played(bundle, own().rules).attempts).toMatchObject([{ outcome: 'same', changed: null }]);
    const verdicts = DiagVerdicts.parse(documentOf(bundle, 'verdicts.json'));
    expect(documentOf(bundle, 'versions.json')).toMatchObject({ rules: verdicts.attempts[0]?.rules });
  });

  it.each([
    ['another class', { class: 1 }, 'MIRROR_LOCKED', 'the rule MIRROR_LOCKED was changed: class was 2 and is 1'],
    [
      'another pattern',
      { pattern: 'locked for ever' },
      'SCRIPT_EXIT',
      'the rule MIRROR_LOCKED was changed: pattern was "locked for maintenance" and is "locked for ever"',
    ],
    ['another name', { code: 'MIRROR_SHUT' }, 'MIRROR_SHUT', 'the rule MIRROR_LOCKED is not there any more, so MIRROR_SHUT decides'],
  ])('with %s', async (_, changes, now, why) => {
    const { attempts } = played(await lockedOut(), own(changes).rules);
    expect(attempts).toMatchObject([{ outcome: 'differs', was: { rule: 'MIRROR_LOCKED' }, is: { rule: now }, changed: { why } }]);
    expect(attempts[0]?.changed?.was?.code).toBe('MIRROR_LOCKED');
  });

  it('that is gone', async () => {
    expect(played(await lockedOut(), []).attempts).toMatchObject([
      {
        outcome: 'differs',
        is: { exit_code: 1, rule: 'SCRIPT_EXIT' },
        changed: {
          code: 'MIRROR_LOCKED',
          was: { class: 2 },
          is: null,
          why: 'the rule MIRROR_LOCKED is not there any more, so SCRIPT_EXIT decides',
        },
      },
    ]);
  });

  it('before the bundle was made, as far as that shows', async () => {
    const bundle = await lockedOut(own({ class: 1 }));
    expect(played(bundle).attempts).toMatchObject([
      {
        outcome: 'differs',
        was: { exit_code: 2, rule: 'MIRROR_LOCKED' },
        is: { exit_code: 1, rule: 'MIRROR_LOCKED' },
        changed: { why: 'the verdict was given by other rules than those in the bundle: they were changed before it was made' },
      },
    ]);
    expect(played(bundle, own().rules).attempts).toMatchObject([{ outcome: 'same' }]);
  });

  it('in its place alone, and it is the order that changed', async () => {
    const both = [...own().rules, ...own({ code: 'MIRROR_SHUT' }).rules];
    const later = { ...own(), rules: both };
    const bundle = await lockedOut(later);
    const verdicts = DiagVerdicts.parse(documentOf(bundle, 'verdicts.json'));
    const rulesOfBoth = ruleTableDigest(ruleTable(both));
    const judged = withDocument(bundle, 'verdicts.json', { ...verdicts, attempts: [{ ...verdicts.attempts[0], rules: rulesOfBoth }] });
    expect(played(judged, both.toReversed()).attempts).toMatchObject([
      { outcome: 'differs', is: { rule: 'MIRROR_SHUT' }, changed: { why: expect.stringContaining('their order was changed') as string } },
    ]);
  });

  it('that is new', async () => {
    const id = await running(home);
    await ended(home, id, failedPacker, failedScript('mirror.example.org: locked for maintenance'), 'FAILED');
    expect(played(await packed(home, id), own().rules).attempts).toMatchObject([
      {
        was: { rule: 'SCRIPT_EXIT' },
        is: { rule: 'MIRROR_LOCKED' },
        changed: { was: null, why: 'the rule MIRROR_LOCKED is new, and takes what SCRIPT_EXIT took' },
      },
    ]);
  });

  it('that was built in, as an older program had it', async () => {
    const id = await running(home);
    await ended(home, id, failedPacker, failedScript(mirrorLine), 'FAILED');
    const bundle = await packed(home, id);
    const verdicts = DiagVerdicts.parse(documentOf(bundle, 'verdicts.json'));
    const [attempt] = verdicts.attempts;
    const verdict = { exit_code: 1, classification: { ...attempt?.verdict?.classification, rule: 'APT_MIRROR' } };
    const table = documentOf(bundle, 'rules.json') as DiagRules;
    const older = table.table.built_in.map((rule) => (rule.code === 'APT_MIRROR' ? { ...rule, class: 1 } : rule));
    const from = withDocument(withDocument(bundle, 'verdicts.json', { ...verdicts, attempts: [{ ...attempt, verdict }] }), 'rules.json', {
      ...table,
      table: { ...table.table, built_in: older },
    });
    expect(played(from).attempts).toMatchObject([
      { outcome: 'differs', changed: { why: 'the rule APT_MIRROR was changed: class was 1 and is 2' } },
    ]);
  });

  it('that the users had and that is built in by now', async () => {
    const bundle = await lockedOut();
    const written = documentOf(bundle, 'rules.json') as DiagRules;
    const [rule] = written.users_rules;
    const later = withDocument(bundle, 'rules.json', { ...written, users_rules: [rule, { ...rule, code: 'APT_MIRROR' }] });
    expect(rules(played(later))).toEqual([['MIRROR_LOCKED', 'MIRROR_LOCKED']]);
  });

  it('and rules in a bundle that nobody could have written are refused', async () => {
    const bundle = await lockedOut();
    const written = documentOf(bundle, 'rules.json') as DiagRules;
    const [rule] = written.users_rules;
    const hostile = withDocument(bundle, 'rules.json', { ...written, users_rules: [{ ...rule, pattern: '(a+)+$' }] });
    expect(replay(hostile)).toMatchObject({
      ok: false,
      failure: { rule: 'BUNDLE_INVALID', message: expect.stringContaining('repeats more than 300 times') as string },
    });
  });
});
