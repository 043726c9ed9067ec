import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { digestOf } from '../../core/digest.ts';
import {
  checkInputName,
  fingerprintOf,
  optionInput,
  plainVariableInput,
  sensitiveVariableInput,
  sortInputs,
  toolInput,
} from '../../core/fingerprint.ts';
import { Input } from '../../core/input.ts';
import * as z from '../../core/zod.ts';

const file = (
  kind: 'template' | 'script' | 'config',
  name: string,
  content: string,
  mode: '100644' | '100755' | '120000' = '100644',
): Input => ({
  kind,
  name,
  digest: digestOf(content),
  size: Buffer.byteLength(content),
  mode,
});

const inputs: readonly Input[] = [
  file('script', 'images/scripts/base.sh', 'echo base\n', '100755'),
  file('template', 'images/base.pkr.hcl', 'build {}\n'),
  file('config', 'images/files/motd', 'hello\n'),
  file('config', 'images/files/b b', 'a name with a space\n'),
  file('config', 'images/files/\u{1F600}', 'beyond the basic plane\n'),
  file('config', 'images/files/\uFF5E', 'sorts after it in code units, before it in UTF-8\n'),
  file('config', 'images/files/tab\there', ''),
  toolInput('packer', '1.14.2'),
  optionInput('var_files', ['images/common.pkrvars.hcl', 'b.pkrvars.hcl']),
  plainVariableInput('region', 'us-east-1'),
  sensitiveVariableInput('join_token', 'secretsmanager:images/join#token'),
];

describe('fingerprintOf', () => {
  it('is SHA-256 over the header and one line for each input, sorted as bytes', () => {
    const digest = `sha256:${createHash('sha256').update('echo base\n').digest('hex')}`;
    const version = `sha256:${createHash('sha256').update('"1.14.2"').digest('hex')}`;
    const lines = `script\0images/scripts/base.sh\x00100755\0${digest}\ntool\0packer\0\0${version}\n`;
    const expected = createHash('sha256').update(`hybridcore-packer/fingerprint/1\n${lines}`).digest('hex');
    const base = file('script', 'images/scripts/base.sh', 'echo base\n', '100755');
    expect(fingerprintOf([toolInput('packer', '1.14.2'), base])).toBe(`sha256:${expected}`);
  });

  it('is what a shell computes from the JSON of the inputs', () => {
    const script = String.raw`
      printf 'hybridcore-packer/fingerprint/1\n' >"$1/all"
      # One input a record: kind, name, mode and digest, parted by NUL as the fingerprint has them.
      LC_ALL=C sort "$1/lines" >>"$1/all"
      sha256sum "$1/all" | cut -d' ' -f1`;
    const folder = execFileSync('mktemp', ['-d'], { encoding: 'utf8' }).trim();
    const parsed = z.array(Input).parse(JSON.parse(JSON.stringify(inputs)));
    try {
      execFileSync('sh', ['-c', 'cat >"$1"', 'sh', `${folder}/lines`], {
        input: parsed.map((input) => `${input.kind}\0${input.name}\0${'mode' in input ? input.mode : ''}\0${input.digest}\n`).join(''),
      });
      const computed = execFileSync('sh', ['-c', script, 'sh', folder], { encoding: 'utf8' }).trim();
      expect(fingerprintOf(inputs)).toBe(`sha256:${computed}`);
    } finally {
      execFileSync('rm', ['-r', folder]);
    }
  });

  it('does not depend on the order of the inputs', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([...inputs], { minLength: inputs.length }), (shuffled) => {
        expect(fingerprintOf(shuffled)).toBe(fingerprintOf(inputs));
      }),
    );
  });

  it('changes with a kind, a name, a mode, a digest and a value', () => {
    const [base] = inputs;
    if (base === undefined || !('mode' in base)) throw new TypeError('the first is a file');
    const rest = inputs.slice(1);
    const changed: Input[] = [
      { ...base, kind: 'config' },
      { ...base, name: 'images/scripts/other.sh' },
      { ...base, mode: '100644' },
      { ...base, digest: digestOf('echo other\n') },
    ];
    for (const input of changed) expect(fingerprintOf([input, ...rest])).not.toBe(fingerprintOf(inputs));
    expect(fingerprintOf([plainVariableInput('region', 'a')])).not.toBe(fingerprintOf([plainVariableInput('region', 'b')]));
    expect(fingerprintOf([optionInput('var_files', ['a', 'b'])])).not.toBe(fingerprintOf([optionInput('var_files', ['b', 'a'])]));
    expect(fingerprintOf([])).not.toBe(fingerprintOf(inputs));
  });

  it('refuses a name that could make two sets of inputs read the same', () => {
    expect(() => fingerprintOf([file('config', 'a\nb', '')])).toThrow(TypeError);
  });
});

describe('sortInputs', () => {
  it('orders as the lines of the fingerprint are ordered: UTF-8 bytes, not code units', () => {
    const names = sortInputs(inputs).map(({ kind, name }) => `${kind} ${name}`);
    expect(names).toEqual([
      'config images/files/b b',
      'config images/files/motd',
      'config images/files/tab\there',
      'config images/files/\uFF5E',
      'config images/files/\u{1F600}',
      'option var_files',
      'script images/scripts/base.sh',
      'template images/base.pkr.hcl',
      'tool packer',
      'variable join_token',
      'variable region',
    ]);
  });
});

describe('the inputs that are no files', () => {
  it('fit the schema of the manifest', () => {
    for (const input of inputs) expect(Input.parse(input)).toEqual(input);
  });

  it('count a sensitive variable by its reference alone', () => {
    const input = sensitiveVariableInput('join_token', 'ssm:/images/token');
    expect(input).toEqual({
      kind: 'variable',
      name: 'join_token',
      digest: digestOf('"ssm:/images/token"'),
      sensitive: true,
      reference: 'ssm:/images/token',
    });
  });
});

describe('checkInputName', () => {
  it.each(['', 'a\0b', 'a\nb', '\uD800'])('refuses %j as INPUT_NAME', (name) => {
    expect(checkInputName(name)).toMatchObject({ ok: false, failure: { rule: 'INPUT_NAME' } });
    expect(Input.safeParse({ ...toolInput('packer', '1'), name }).success).toBe(false);
  });

  it.each(['a', 'a b', 'a\tb', '-rf', 'é', '\u{1F600}'])('takes %j', (name) => {
    expect(checkInputName(name)).toEqual({ ok: true, value: name });
  });
});
