import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { digestOf } from '../../core/digest.ts';
import { compareInputs, differenceLines, isUnchanged } from '../../core/drift.ts';
import { fingerprintOf, optionInput, plainVariableInput, sensitiveVariableInput, toolInput } from '../../core/fingerprint.ts';
import { type Input } from '../../core/input.ts';

const file = (
  kind: 'template' | 'script' | 'config',
  name: string,
  content: string,
  mode: '100644' | '100755' | '120000' = '100644',
): Input => ({
  kind,
  name,
  digest: digestOf(content),
  size: content.length,
  mode,
});

const names = ({ added, removed, changed }: ReturnType<typeof compareInputs>) => ({
  added: added.map(({ name }) => name),
  removed: removed.map(({ name }) => name),
  changed: changed.map((change) => [change.kind, change.name, change.changed]),
});

describe('compareInputs', () => {
  it('says which inputs were added and removed, by kind and then by name in code units', () => {
    const before = [file('script', 'z.sh', ''), file('config', 'é', ''), file('config', 'a', '')];
    const after = [toolInput('packer', '1.14.2'), file('config', 'b', ''), file('config', 'B', '')];
    expect(names(compareInputs(before, after))).toEqual({ added: ['B', 'b', 'packer'], removed: ['a', 'é', 'z.sh'], changed: [] });
  });

  it('says what of an input changed', () => {
    const before = [
      file('script', 'a.sh', 'one', '100755'),
      file('script', 'b.sh', 'one', '100755'),
      file('script', 'c.sh', 'one', '100644'),
      toolInput('packer', '1.14.1'),
      optionInput('var_files', ['a', 'b']),
      sensitiveVariableInput('token', 'env:A'),
      plainVariableInput('region', 'us-east-1'),
    ];
    const after = [
      plainVariableInput('region', 'eu-west-1'),
      sensitiveVariableInput('token', 'env:B'),
      optionInput('var_files', ['b', 'a']),
      toolInput('packer', '1.14.2'),
      file('script', 'c.sh', 'two', '100755'),
      file('script', 'b.sh', 'one', '100644'),
      file('script', 'a.sh', 'two', '100755'),
    ];
    expect(names(compareInputs(before, after))).toEqual({
      added: [],
      removed: [],
      changed: [
        ['option', 'var_files', ['value']],
        ['script', 'a.sh', ['digest']],
        ['script', 'b.sh', ['mode']],
        ['script', 'c.sh', ['digest', 'mode']],
        ['tool', 'packer', ['value']],
        ['variable', 'region', ['value']],
        ['variable', 'token', ['value']],
      ],
    });
  });

  it('takes a file of another kind for a removed and an added one', () => {
    expect(names(compareInputs([file('config', 'a', '')], [file('script', 'a', '')]))).toEqual({
      added: ['a'],
      removed: ['a'],
      changed: [],
    });
  });

  it('finds a difference exactly where the fingerprints differ', () => {
    const input = fc
      .record({
        kind: fc.constantFrom('script', 'config'),
        name: fc.constantFrom('a', 'b', 'c'),
        content: fc.constantFrom('1', '2'),
        mode: fc.constantFrom('100644', '100755'),
      })
      .map(({ kind, name, content, mode }) => file(kind, name, content, mode));
    const set = fc.uniqueArray(input, { selector: ({ kind, name }) => `${kind} ${name}` });
    fc.assert(
      fc.property(set, set, (before, after) => {
        expect(isUnchanged(compareInputs(before, after))).toBe(fingerprintOf(before) === fingerprintOf(after));
      }),
    );
  });
});

describe('differenceLines', () => {
  it('tells each input that differs, and how: values that are short, of secrets where they come from', () => {
    const before = [
      file('script', 'a.sh', 'one', '100644'),
      file('script', 'gone.sh', ''),
      toolInput('packer', '1.14.1'),
      optionInput('var_files', ['a']),
      sensitiveVariableInput('token', 'env:A'),
      plainVariableInput('long', 'x'),
    ];
    const after = [
      file('script', 'a.sh', 'two', '100755'),
      file('config', 'new.conf', ''),
      toolInput('packer', '1.14.2'),
      optionInput('var_files', ['a', 'b']),
      sensitiveVariableInput('token', 'env:B'),
      plainVariableInput('long', 'y'.repeat(200)),
    ];
    expect(differenceLines(compareInputs(before, after))).toEqual([
      'added config new.conf',
      'changed option var_files: ["a"] to ["a","b"]',
      'changed script a.sh: content, mode 100644 to 100755',
      'removed script gone.sh',
      'changed tool packer: "1.14.1" to "1.14.2"',
      'changed variable long: value',
      'changed variable token: env:A to env:B',
    ]);
  });

  it('tells a file that only has another name as moved, and not where another file is the same', () => {
    const moved = compareInputs([file('script', 'a.sh', 'one')], [file('script', 'b.sh', 'one'), plainVariableInput('n', '1')]);
    expect(differenceLines(moved)).toEqual(['moved script a.sh to b.sh', 'added variable n: "1"']);
    const doubtful = compareInputs([file('script', 'a.sh', 'one')], [file('script', 'b.sh', 'one'), file('script', 'c.sh', 'one')]);
    expect(differenceLines(doubtful)).toEqual(['removed script a.sh', 'added script b.sh', 'added script c.sh']);
    const otherwise = compareInputs([file('script', 'a.sh', 'one')], [file('config', 'a.sh', 'one')]);
    expect(differenceLines(otherwise)).toEqual(['added config a.sh', 'removed script a.sh']);
  });

  it('shows what a name has that a terminal would act on', () => {
    const difference = compareInputs([], [file('script', 'a\u001B[2J\u202E.sh', '')]);
    expect(differenceLines(difference)).toEqual(['added script "a\\u001b[2J\\u202e.sh"']);
  });
});
