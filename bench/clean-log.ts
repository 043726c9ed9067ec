import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { findPacker } from '../adapters/packer/find-packer.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..');

/** What an image's scripts call; a tool that a machine does not have leaves no line. */
const tools = [
  'git log --stat -n 200',
  'git log -p -n 30 -- core',
  'dpkg -l',
  'apt-get -s install --reinstall ca-certificates git curl openssl',
  'apt-cache show openssl git curl bash coreutils',
  'npm ls --all',
  'npm config ls -l',
  'openssl version -a',
  'openssl ciphers -v',
  'openssl x509 -in /etc/ssl/certs/ca-certificates.crt -text -fingerprint',
  'sha256sum core/*.ts adapters/local/*.ts',
  'ls -lR node_modules/zod node_modules/yaml',
  'tar -cvf /dev/null node_modules/commander',
  'df -h',
  'ps aux',
  'mount',
];

/**
 * The lines of logs without secrets, as packer prints them around real tools, human and machine-readable.
 *
 * @throws Error where there is no packer
 */
export async function cleanLines(): Promise<readonly string[]> {
  const packer = await findPacker({ path: process.env['PATH'], cache: join(root, '.cache', 'packer') });
  if (!packer.ok) throw new Error(`${packer.failure.message}; ${packer.failure.remedy}`);
  await using folder = await mkdtempDisposable(join(tmpdir(), 'clean-log-'));
  const inline = tools.map((tool) => JSON.stringify(`echo '+ ${tool}'; ${tool} 2>&1 || true`));
  const template = `source "null" "base" {
  communicator = "none"
}
build {
  sources = ["source.null.base"]
  provisioner "shell-local" {
    inline = [${inline.join(', ')}]
  }
}
`;
  const file = join(folder.path, 'clean.pkr.hcl');
  await writeFile(file, template);
  const printed: string[] = [];
  for (const options of [['-color=false', '-timestamp-ui'], ['-color=false'], ['-machine-readable']]) {
    const { stdout } = await run(packer.value.file, ['build', ...options, file], {
      cwd: root,
      maxBuffer: 512 * 1024 * 1024,
      env: { PATH: process.env['PATH'], HOME: folder.path, CHECKPOINT_DISABLE: '1', PACKER_NO_COLOR: '1', LC_ALL: 'C.UTF-8' },
    });
    printed.push(stdout);
  }
  const lines = printed.join('').replace(/\n$/, '').split('\n');
  if (lines.length < 10_000)
    throw new Error(`packer printed ${lines.length} lines around the tools of this machine, too few to measure by`);
  return lines;
}

/** The lines again and again, each time with other ids, digests, numbers and base64, up to so many characters. Every text ends with a newline. */
export function* variedLines(lines: readonly string[], seed: string, characters: number): Generator<string> {
  let written = 0;
  for (let round = 0; written < characters; round += 1) {
    for (let from = 0; from < lines.length && written < characters; from += 500) {
      const text = `${lines.slice(from, from + 500).join('\n')}\n`;
      const varied = round === 0 ? text : vary(text, createHash('sha512').update(`${seed} ${round} ${from}`).digest());
      written += varied.length;
      yield varied;
    }
  }
}

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

function vary(text: string, random: Uint8Array): string {
  let at = 0;
  const next = (below: number) => {
    at += 1;
    return ((random[at % random.length] ?? 0) * 31 + at * 7 + ((random[(at * 13) % random.length] ?? 0) >> 3)) % below;
  };
  const drawn = (length: number, alphabet: string) => Array.from({ length }, () => alphabet[next(alphabet.length)]).join('');
  return text.replaceAll(/\b(?=[A-Za-z+/]*[0-9])[A-Za-z0-9+/]{40,}|\b[0-9a-f]{7,}\b|[0-9]+/g, (word) =>
    /^[0-9]+$/.test(word)
      ? drawn(word.length, '0123456789')
      : /^[0-9a-f]+$/.test(word)
        ? drawn(word.length, '0123456789abcdef')
        : drawn(word.length, letters),
  );
}
