import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';

import { type Rig, rig } from '../fixtures/rig.ts';
import { gitIn } from '../fixtures/git.ts';

/** A secret of each source, with signs that encodings change. */
const secrets = {
  environment: 'quite/Unguess+able=Value&9z',
  'sensitive default': "tell 'Nobody' of-This_7Q",
  'by shape': `ghp_${'a1B2'.repeat(9)}`,
} as const;

/** What is known where no template is read: not the defaults of its variables. */
const told = { environment: secrets.environment, 'by shape': secrets['by shape'] };

const forms = Object.entries(secrets).flatMap(([source, secret]) => [
  { source, text: secret },
  // What is secret by its shape alone has none in base64.
  ...(source === 'by shape'
    ? []
    : [{ source: `${source}, in base64`, text: Buffer.from(secret).toString('base64').replace(/=+$/, '').slice(0, -1) }]),
  { source: `${source}, in JSON`, text: JSON.stringify(secret).slice(1, -1) },
]);

/** Prints the secrets in clear, encoded and wrapped. */
const printing = (secret: string) => {
  const quoted = `'${secret.replaceAll("'", String.raw`'\\''`)}'`;
  return [`echo ${quoted}`, `printf %s ${quoted} | base64 -w 0`, 'echo', `printf %s ${quoted} | fold -w 9`, 'echo'].join('\n');
};

const template = (script: string) => `
variable "join" {
  type      = string
  sensitive = true
}
variable "kept" {
  type      = string
  sensitive = true
  default   = ${JSON.stringify(secrets['sensitive default'])}
}
source "file" "image" {
  content = "an image of \${var.join}"
  target  = "out/\${sha1(var.kept)}.txt"
}
build {
  sources = ["source.file.image"]
  provisioner "shell-local" {
    environment_vars = ["JOIN=\${var.join}", "KEPT=\${var.kept}"]
    script           = "${script}"
  }
}
`;

/** The scripts know the secrets from their environment; the token they make up, so that no input holds it. */
const script = (last: string) =>
  [
    'token="gh"; token="${token}p_"; for n in 1 2 3 4 5 6 7 8 9; do token="${token}a1B2"; done',
    ...['JOIN', 'KEPT', 'token'].map((name) =>
      [
        `echo "clear $${name} end"`,
        `printf 'in base64 '; printf %s "$${name}" | base64 -w 0; echo`,
        `printf %s "$${name}" | fold -w 11; echo`,
        `sleep 0.2; echo "E: Failed to fetch https://user:$${name}@mirror.example.com/x" >&2; sleep 0.2`,
      ].join('\n'),
    ),
    last,
  ].join('\n');

async function everything(images: Rig): Promise<{ readonly words: string; readonly text: string }[]> {
  const texts: { words: string; text: string }[] = [];
  for (const folder of ['artifacts', 'state', 'diag', 'incoming']) {
    const entries = await readdir(join(images.root, folder), { recursive: true, withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      // What a cache of file names is for is to hold them, on the machine that has the files.
      if (!entry.isFile() || entry.parentPath.endsWith('inputs-cache')) continue;
      const content = await readFile(join(entry.parentPath, entry.name));
      const words = `${entry.parentPath}/${entry.name}`;
      texts.push({ words, text: `${words}\n${(entry.name.endsWith('.gz') ? gunzipSync(content) : content).toString('latin1')}` });
    }
  }
  return texts;
}

describe('what leaves', () => {
  it('may hold a secret that is too short to be searched for: build warns of it, by its variable', async () => {
    const images = await rig({
      'hybridcore.yaml': 'version: 1\nbuilders:\n  prints:\n    template: prints.pkr.hcl\n    secrets: { join: "env:JOIN_TOKEN" }\n',
      'prints.pkr.hcl': template('prints.sh'),
      'prints.sh': 'echo done\n',
    });
    const build = (token: string) => images.start(['build', 'prints'], { environment: { JOIN_TOKEN: token } }).ended;
    const warnings = (text: string) => text.split('\n').filter((line) => line.includes('too short or too common'));
    expect(warnings((await build('abc')).stderr)).toEqual([
      'join is too short or too common to be searched for: it stays wherever it stands; give secrets that are longer',
    ]);
    expect(warnings((await build(secrets.environment)).stderr)).toEqual([]);
  });

  it('passes one hook: no command says a secret, whatever its source, and nothing is written that holds one', async () => {
    const secretsOf = '    secrets: { join: "env:JOIN_TOKEN" }\n';
    const images = await rig({
      'hybridcore.yaml': `version: 1\nbuilders:\n${['prints', 'fails', 'named']
        .map((name) => `  ${name}:\n    template: ${name}.pkr.hcl\n    retry: { delay: 1s }\n${secretsOf}`)
        .join('')}`,
      'prints.pkr.hcl': template('prints.sh'),
      'fails.pkr.hcl': template('fails.sh'),
      'named.pkr.hcl': template(`scripts/${secrets['by shape']}.sh`),
      'prints.sh': script('true'),
      'fails.sh': script('exit 7'),
      [`scripts/${secrets['by shape']}.sh`]: 'true\n',
      'raw.log': `1,,ui,say,x\n${Object.values(told)
        .map((secret) => `1,null.x,error,${secret}: cannot be used`)
        .join('\n')}\n`,
    });
    const git = gitIn(images.root);
    git('init', '-q');
    git('add', '-A');
    git('commit', '-qm', 'first');
    const said: { readonly words: string; readonly text: string }[] = [];
    const run = async (...words: readonly string[]) => {
      const ended = await images.start(words, { environment: { JOIN_TOKEN: secrets.environment } }).ended;
      said.push({ words: words.join(' '), text: ended.stdout + ended.stderr });
      return ended;
    };

    await run('validate', '--json');
    expect((await run('build', 'prints')).code).toBe(0);
    expect((await run('build', 'fails', '--json')).code).not.toBe(0);
    expect((await run('build', 'named')).code).toBe(3);
    await images.write(
      'prints.sh',
      script(`: ${secrets.environment} ${secrets['by shape'].slice(0, 20)}\n${printing(secrets.environment)}`),
    );
    for (const words of [
      ['drift', 'prints', '--diff'],
      ['drift', 'prints', '--diff', '--json'],
      ['status'],
      ['builds', 'fails', '--json'],
      ['builds', 'named'],
      ['quarantine', 'list', '--json'],
      ['inputs', 'named'],
      ['inputs', 'named', '--json'],
      // Again: the answers that were kept.
      ['inputs', 'named'],
    ])
      await run(...words);
    const logs = await readdir(join(images.root, 'state', 'packer', 'logs'), { recursive: true });
    const [build = ''] = logs.filter((name) => /^fails\/[0-9A-Z]{26}$/.test(name)).map((name) => name.split('/')[1] ?? '');
    await run('logs', build);
    await run('logs', build, '--raw', '--json');
    await run('classify', 'raw.log', '--packer-exit-code', '1');
    await run('publish', 'prints', '--check');
    await run('quarantine', 'release', 'named', '--reason', `it was ${secrets['by shape']}`);
    for (const secret of Object.values(told)) {
      await run('build', secret);
      await run('logs', secret, '--json');
    }

    expect(said.length).toBeGreaterThan(18);
    const silent = (texts: readonly { readonly words: string; readonly text: string }[]) =>
      texts.flatMap(({ words, text }) =>
        forms
          .filter((form) => text.includes(form.text))
          .map(({ source }) => `${words}: ${source}: ${text.slice(0, 200).replaceAll(/[^ -~]/g, '')}`),
      );
    expect(silent(said)).toEqual([]);
    expect(said.filter(({ text }) => text.includes('[REDACTED:')).length).toBeGreaterThan(8);
    expect(silent(await everything(images))).toEqual([]);
  });
});
