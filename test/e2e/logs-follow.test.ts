import { describe, expect, it, onTestFinished } from 'vitest';

import { DispatchDocument } from '../../core/documents.ts';
import { type Ended, type Rig, type Started, fileTemplate, rig } from '../fixtures/rig.ts';

const idIn = /[0-7][0-9A-HJKMNP-TV-Z]{25}/;

/** A builder whose first attempt fails and whose second succeeds, each after its first step once there is a file `go`. */
async function repository(): Promise<Rig> {
  return rig({
    'hybridcore.yaml': 'version: 1\nbuilders:\n  flaky: { template: flaky, retry: { delay: 1s } }\n  broken: { template: broken }\n',
    'flaky/flaky.pkr.hcl': fileTemplate('out/flaky.txt', '${path.root}/run.sh'),
    'flaky/run.sh': [
      '#!/bin/sh',
      'here=$(dirname "$0")/..',
      'if [ -e "$here/was-there" ]; then second=yes; else second=no; touch "$here/was-there"; fi',
      'for step in one two three; do echo "step $step, second: $second"; until [ -e "$here/go" ]; do sleep 0.1; done; done',
      '[ $second = yes ] && exit 0',
      'echo "curl: (7) Failed to connect to mirror.example: Connection refused" >&2',
      'exit 7',
      '',
    ].join('\n'),
    'broken/broken.pkr.hcl': fileTemplate('out/broken.txt', '${path.root}/run.sh'),
    'broken/run.sh': '#!/bin/sh\necho "there is no such package" >&2\nexit 1\n',
  });
}

/** A command with what it has printed so far. */
function followed(started: Started): Started & { stdout: string } {
  const here = { ...started, stdout: '' };
  started.process.stdout?.on('data', (text: string) => (here.stdout += text));
  return here;
}
const printed = ({ stdout }: { readonly stdout: string }) => stdout;

function expectWhole({ code, stdout, stderr }: Ended): void {
  expect(code, stderr).toBe(0);
  const lines = stdout.split('\n').filter((line) => /# attempt|step (?:one|two|three)/.test(line));
  const steps = (second: string) =>
    ['one', 'two', 'three'].map((step) => expect.stringContaining(`step ${step}, second: ${second}`) as string);
  expect(lines).toEqual(['# attempt 1', ...steps('no'), '# attempt 2', ...steps('yes')]);
  expect(stderr).toMatch(/ended succeeded \(SUCCESS: /);
}

async function flakyBuild(images: Awaited<ReturnType<typeof repository>>) {
  const building = images.start(['build', 'flaky']);
  await building.says(idIn);
  const id = idIn.exec((await images.run('builds', 'flaky', '--json')).stdout)?.[0] ?? '';
  return { building, id };
}

describe('logs --follow', { timeout: 90_000 }, () => {
  it('prints each attempt once, as it comes, and ends as the build does', async () => {
    const images = await repository();
    const { building, id } = await flakyBuild(images);
    const following = followed(images.start(['logs', id, '--follow']));
    await expect.poll(() => printed(following), { timeout: 30_000 }).toContain('step one');
    expect((await images.run('builds', 'flaky', '--json')).json()).toMatchObject({ builds: [{ state: 'running' }] });
    await images.write('go', '');
    expectWhole(await following.ended);
    expect((await building.ended).code).toBe(0);
    // Of what has ended it is all there is, with the build's own exit code.
    expectWhole(await images.run('logs', id, '--follow'));
  });

  it('does so elsewhere too', async () => {
    const images = await repository();
    await images.write('go', '');
    const serving = images.start(['serve', '--port', '0']);
    onTestFinished(() => void serving.process.kill('SIGKILL'));
    let said = '';
    serving.process.stderr?.on('data', (text: string) => (said += text));
    await serving.says(/serving \d+ builders at http/);
    const address = /http:\/\/127\.0\.0\.1:\d+/.exec(said)?.[0] ?? '';
    const elsewhere = { environment: { HYBRIDCORE_API: address } };
    const ask = async (...words: readonly string[]) => images.start(words, elsewhere).ended;
    const asked = DispatchDocument.parse((await ask('dispatch', 'flaky', '--json')).json());
    expectWhole(await ask('logs', asked.dispatched.build_id, '--follow'));
    const broken = DispatchDocument.parse((await ask('dispatch', 'broken', '--json')).json());
    const failed = await ask('logs', broken.dispatched.build_id, '--follow');
    expect([failed.code, failed.stderr]).toEqual([1, expect.stringMatching(/ended failed/)]);
    expect(failed.stdout).toContain('there is no such package');
  });

  it('leaves the build alone at Ctrl-C, and says how to go on; and is for a person', async () => {
    const images = await repository();
    const { building, id } = await flakyBuild(images);
    const following = followed(images.start(['logs', id, '--follow']));
    await expect.poll(() => printed(following), { timeout: 30_000 }).toContain('# attempt 1');
    following.process.kill('SIGINT');
    const ended = await following.ended;
    expect(ended.code).not.toBe(0);
    expect(ended.stderr).toContain(`hybridcore-packer logs ${id} --follow`);
    await images.write('go', '');
    expect((await building.ended).code).toBe(0);
    expect((await images.run('logs', id, '--follow', '--json')).json()).toMatchObject({ classification: { rule: 'USAGE' } });
  });
});
