import { rules } from '@secretlint/secretlint-rule-preset-recommend';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempDisposableSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { secretlintRuleNames } from '../../../core/secret-rules.ts';
import { findSecrets } from '../../../adapters/local/secret-scan.ts';
import { digestOf } from '../../../core/digest.ts';
import { type FileInput, type Input } from '../../../core/input.ts';
import { processorTimer } from '../../fixtures/processor-time.ts';

let folder: ReturnType<typeof mkdtempDisposableSync>;
beforeEach(() => {
  folder = mkdtempDisposableSync(join(tmpdir(), 'secret-scan-'));
});
afterEach(() => folder.remove());

function input(name: string, mode: FileInput['mode'] = '100644'): FileInput {
  return { kind: 'script', name, digest: digestOf(name), size: 0, mode };
}

function file(name: string, content: string | Uint8Array): FileInput {
  mkdirSync(dirname(join(folder.path, name)), { recursive: true });
  writeFileSync(join(folder.path, name), content);
  return input(name);
}

/** Put together here so that no scanner takes this file for a leak. */
const token = ['ghp_', 'a1B2c3D4e5F6'.repeat(3)].join('');
const key = [
  ['-----BEGIN RSA PRIV', 'ATE KEY-----'].join(''),
  'bm90IGEga2V5IGJ1dCBhIHRleHQgdGhhdCBsb29rcyBsaWtlIG9uZSBlbm91Z2g=',
  ['-----END RSA PRIV', 'ATE KEY-----'].join(''),
].join('\n');
const slack = ['xoxb', '123456789012', '1234567890123', 'abcdefghijklmnopqrstuvwx'].join('-');

describe('the scan of inputs for secrets', () => {
  it('names file, line and rule, sorted, and never the secret', async () => {
    const found = await findSecrets(folder.path, [
      file('b.sh', `#!/bin/sh\n\necho ${token}\n`),
      file('a/key.pem', `text\n${key}\n`),
      file('c.sh', `A=${slack}\n`),
      file('clean.sh', 'echo hello\n'),
    ]);
    expect(found).toEqual([
      { file: 'a/key.pem', line: 2, rule: 'PRIVATE_KEY' },
      { file: 'b.sh', line: 3, rule: 'GITHUB_TOKEN' },
      { file: 'c.sh', line: 1, rule: 'SLACK_TOKEN' },
    ]);
  });

  it("finds what only secretlint knows, and packer's own way to write an AWS secret", async () => {
    const stripe = ['sk_', 'live_', 'a1B2c3D4e5F6g7H8i9J0k1L2'].join('');
    const found = await findSecrets(folder.path, [
      file('a.json', '{"secret_key":\n "abcdEFGH1234abcdEFGH1234abcdEFGH1234abcd"}'),
      file('b.env', `K=${stripe}`),
    ]);
    expect(found).toEqual([
      { file: 'a.json', line: 2, rule: 'AWS_SECRET_KEY' },
      { file: 'b.env', line: 1, rule: 'secretlint-stripe' },
    ]);
  });

  it('does not let a comment in the input excuse it', async () => {
    const stripe = ['sk_', 'live_', 'a1B2c3D4e5F6g7H8i9J0k1L2'].join('');
    expect(await findSecrets(folder.path, [file('a.sh', `# secretlint-disable\n${stripe} # secretlint-disable-line\n`)])).toHaveLength(1);
  });

  it.each([
    ['the keys of the AWS documentation', 'access_key = "AKIAIOSFODNN7EXAMPLE"\nsecret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"\n'],
    ['a script that looks for private keys', "grep -q -- '-----BEGIN RSA PRIVATE KEY-----' id_rsa && rm id_rsa\n"],
    ['a password that everybody knows', 'ssh_password = "packer"\n'],
    ['variables in place of secrets', 'secret_key = var.secret_key\n_authToken=${NPM_TOKEN}\nhttps://u:${PASSWORD}@example.com/\n'],
    ['digests', `checksum = "sha256:${'9f86d081'.repeat(8)}"\n`],
  ])('leaves alone %s', async (_, content) => {
    expect(await findSecrets(folder.path, [file('a.pkr.hcl', content)])).toEqual([]);
  });

  it('reads UTF-16 and binaries', async () => {
    const text = `line\r\n$token = "${token}"\r\n`;
    const found = await findSecrets(folder.path, [
      file('bom.ps1', Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')])),
      file('big.ps1', Buffer.concat([Buffer.from([0xfe, 0xff]), Buffer.from(text, 'utf16le').swap16()])),
      file('none.ps1', Buffer.from(text, 'utf16le')),
      file('binary', Buffer.concat([Buffer.from([0, 1, 2, 0xff, 10, 0]), Buffer.from(token), Buffer.from([0])])),
    ]);
    expect(found.map((finding) => [finding.file, finding.line])).toEqual([
      ['big.ps1', 2],
      ['binary', 2],
      ['bom.ps1', 2],
      ['none.ps1', 2],
    ]);
  });

  it('finds secrets on every border of the pieces in which a large file is read, with the right lines', async () => {
    const border = 256 * 1024;
    for (const shift of [-70, -45, -20, 0, 30]) {
      const filler = 'x'.repeat(63);
      const before = `${filler}\n`.repeat((border + shift * 64) / 64);
      const found = await findSecrets(folder.path, [
        file('large', `${before}${key}\n${`${filler}\n`.repeat(5000)}${token}\n`),
        file('one-line', `${'x '.repeat(border / 2 + shift)}${token} ${'y '.repeat(border)}`),
      ]);
      const line = (border + shift * 64) / 64 + 1;
      expect(found).toEqual([
        { file: 'large', line, rule: 'PRIVATE_KEY' },
        { file: 'large', line: line + 3 + 5000, rule: 'GITHUB_TOKEN' },
        { file: 'one-line', line: 1, rule: 'GITHUB_TOKEN' },
      ]);
    }
  });

  it("follows a link, and searches the text of its target's path", async () => {
    file('real.sh', `\n${token}\n`);
    symlinkSync('real.sh', join(folder.path, 'link.sh'));
    symlinkSync(`/nowhere/${token}`, join(folder.path, 'dangling'));
    expect(await findSecrets(folder.path, [input('link.sh', '120000'), input('dangling', '120000')])).toEqual([
      { file: 'dangling', line: 1, rule: 'GITHUB_TOKEN' },
      { file: 'link.sh', line: 2, rule: 'GITHUB_TOKEN' },
    ]);
  });

  it('throws a clear error for what is gone, is no regular file or leaves the repository, and does not hang', async () => {
    execFileSync('mkfifo', [join(folder.path, 'pipe')]);
    mkdirSync(join(folder.path, 'folder'));
    await expect(findSecrets(folder.path, [input('gone')])).rejects.toThrow(
      'the input "gone" could not be searched for secrets: it is not there (any more)',
    );
    await expect(findSecrets(folder.path, [input('pipe')])).rejects.toThrow(
      'the input "pipe" could not be searched for secrets: it is no regular file',
    );
    await expect(findSecrets(folder.path, [input('folder')])).rejects.toThrow('"folder"');
    await expect(findSecrets(folder.path, [input('../x')])).rejects.toThrow('leaves the repository');
  });

  it('looks at files only', async () => {
    const variable: Input = { kind: 'variable', name: 'region', digest: digestOf(''), value: token, from: 'request' };
    expect(await findSecrets(folder.path, [variable])).toEqual([]);
  });

  it('takes 1,000 small files within seconds', async () => {
    const inputs = Array.from({ length: 1000 }, (_, index) =>
      file(`f/${index}.sh`, `#!/bin/sh\n${'apt-get install -y curl # install\n'.repeat(20)}`),
    );
    const spent = processorTimer();
    expect(await findSecrets(folder.path, inputs)).toEqual([]);
    expect(spent()).toBeLessThan(5000);
  });

  it('works when it is bundled into one file', async () => {
    const entry = new URL('../../../adapters/local/secret-scan.ts', import.meta.url).pathname;
    const bundle = join(folder.path, 'bundle.mjs');
    await build({
      entryPoints: [entry],
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node22',
      outfile: bundle,
      logLevel: 'silent',
      banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    });
    const planted = file('a.sh', `${token}\n`);
    const script = `import { findSecrets } from ${JSON.stringify(bundle)}; console.log(JSON.stringify(await findSecrets(${JSON.stringify(folder.path)}, ${JSON.stringify([planted])})));`;
    expect(
      JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8', cwd: folder.path })),
    ).toEqual([{ file: 'a.sh', line: 1, rule: 'GITHUB_TOKEN' }]);
  });
});

it('has the rules of secretlint that hybridcore.yaml can name, and no others', () => {
  const names = rules.map(({ meta }) => meta.id.replace('@secretlint/secretlint-rule-', 'secretlint-'));
  expect(names.filter((name) => name !== 'secretlint-filter-comments').toSorted()).toEqual(secretlintRuleNames);
});
