import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdir, mkdtemp, readFile, rm, rmdir, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';

import { noticesFile, terminalOperators } from '../../../adapters/local/terminal-operators.ts';
import { type Notice, type Operators } from '../../../core/ports.ts';
import { operatorsContract } from '../../contracts/operators.ts';
import { buildIdOf, builderNamed } from '../../fixtures/records.ts';
import { type RemoteTerminal } from '../../fixtures/remote-port/adapters.ts';
import { portProcesses } from '../../fixtures/remote-port/remote-port.ts';

const temporaryFolder = () => mkdtemp(path.join(tmpdir(), 'terminal-operators-'));
const removeFolder = (folder: string) => rm(folder, { recursive: true, force: true });

operatorsContract('a terminal', async () => {
  const home = await temporaryFolder();
  const said: string[] = [];
  let isCutOff = false;
  return {
    open: async () =>
      terminalOperators(home, (text) => {
        if (isCutOff) throw new Error('the terminal is gone');
        said.push(text);
      }),
    told: async () => said,
    cutOff: async (wanted) => {
      isCutOff = wanted;
    },
    remove: () => removeFolder(home),
  };
});

const processes = portProcesses(3);
afterAll(() => processes.end());

operatorsContract('a terminal, in several processes,', async () => {
  const home = await temporaryFolder();
  const terminals: RemoteTerminal[] = [];
  return {
    async open() {
      const terminal = await processes.open('terminal-operators', home);
      terminals.push(terminal);
      return terminal;
    },
    told: async () => (await Promise.all(terminals.map((terminal) => terminal.said()))).flat(),
    async cutOff(isCutOff) {
      await Promise.all(terminals.map((terminal) => terminal.fail(isCutOff)));
    },
    remove: () => removeFolder(home),
  };
});

describe('the log of the notices', () => {
  let home: string;
  let file: string;
  let said: string[];
  let operators: Operators;
  const notice = (n: number, changes: Partial<Notice> = {}): Notice => ({
    key: `${buildIdOf(n)}:escalated`,
    builder: builderNamed('debian-base'),
    build: buildIdOf(n),
    subject: `subject ${n}`,
    message: `message ${n}`,
    ...changes,
  });
  const lines = async () => (await readFile(file, 'utf8')).split('\n');

  beforeEach(async () => {
    home = await temporaryFolder();
    file = path.join(home, noticesFile);
    said = [];
    operators = terminalOperators(home, (text) => said.push(text));
  });
  afterEach(() => removeFolder(home));

  it('holds each notice as one line of JSON, for its user alone', async () => {
    await operators.notify(notice(1, { message: 'one\ntwo\u2028three' }));
    await operators.notify(notice(2));
    const [first, second, ...rest] = await lines();
    expect([JSON.parse(first ?? ''), JSON.parse(second ?? ''), ...rest]).toEqual([
      notice(1, { message: 'one\ntwo\u2028three' }),
      notice(2),
      '',
    ]);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it('torn at any byte of its last line, as a power cut leaves it, tells that notice again and loses no later one', async () => {
    await operators.notify(notice(1));
    const { size } = await stat(file);
    await operators.notify(notice(2));
    const whole = await readFile(file);
    for (let length = size + 1; length < whole.length; length += 1) {
      await writeFile(file, whole);
      await truncate(file, length);
      const texts: string[] = [];
      const later = terminalOperators(home, (text) => texts.push(text));
      for (const n of [1, 3, 2, 3, 2]) await later.notify(notice(n));
      const isWholeLine = length === whole.length - 1;
      expect(
        texts.map((text) => text.slice(0, 11)),
        `${length} bytes`,
      ).toEqual(isWholeLine ? ['! subject 3'] : ['! subject 3', '! subject 2']);
      const logged = (await lines()).slice(0, -1);
      expect(logged.slice(-1).map((line): unknown => JSON.parse(line))).toEqual([notice(isWholeLine ? 3 : 2)]);
    }
  });

  it('that something else has written into keeps no notice back', async () => {
    await operators.notify(notice(1));
    await appendFile(file, `null\n[]\n{"key":7}\n\n{"key":"${notice(2).key}"\n${Buffer.from([0xff, 0xfe]).toString('latin1')}\n`);
    await operators.notify(notice(2));
    await operators.notify(notice(1));
    expect(said).toHaveLength(2);
  });

  it('is written once the notice was said: one that was not said is said when it comes again, and so is one that could not be logged', async () => {
    await mkdir(file, { recursive: true });
    await expect(operators.notify(notice(1))).rejects.toThrow('EISDIR');
    await rmdir(file);
    await operators.notify(notice(1));
    await operators.notify(notice(1));
    expect(said.filter((text) => text.includes('subject 1'))).toHaveLength(1);
    const crashing = terminalOperators(home, () => {
      throw new Error('killed');
    });
    await expect(crashing.notify(notice(2))).rejects.toThrow('killed');
    await operators.notify(notice(2));
    expect(said).toHaveLength(2);
  });

  it('holds a whole line for each of the notices of several processes at once, and one to three for one that they share', async () => {
    const clients = await Promise.all([1, 2, 3].map(() => processes.open('terminal-operators', home)));
    const long = 'x'.repeat(20_000);
    await Promise.all(
      Array.from({ length: 30 }, async (_, n) => clients[n % 3]?.notify(notice(n, { key: n < 15 ? `own ${n}` : 'shared', message: long }))),
    );
    const logged = (await lines()).filter((line) => line !== '').map((line) => String(JSON.parse(line).key));
    const shared = logged.filter((key) => key === 'shared').length;
    expect(shared).toBeGreaterThanOrEqual(1);
    expect(shared).toBeLessThanOrEqual(3);
    expect(logged.filter((key) => key !== 'shared').sort()).toEqual(Array.from({ length: 15 }, (_, n) => `own ${n}`).sort());
  });

  it('that meets a limit for file sizes fails its notice, which is told once there is room', async () => {
    const script = `
      const { terminalOperators } = await import(${JSON.stringify(path.resolve(import.meta.dirname, '../../../adapters/local/terminal-operators.ts'))});
      const operators = terminalOperators(${JSON.stringify(home)}, () => undefined);
      const outcome = await operators.notify(JSON.parse(process.argv[1])).then(() => 'told', () => 'failed');
      console.log(outcome);`;
    const child = spawn('sh', [
      '-c',
      'ulimit -f 8; exec "$@"',
      'sh',
      process.execPath,
      '--input-type=module',
      '-e',
      script,
      JSON.stringify(notice(1, { message: 'x'.repeat(20_000) })),
    ]);
    let printed = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
    await once(child, 'close');
    expect(printed.trim()).toBe('failed');
    expect((await stat(file)).size, 'a torn line').toBeGreaterThan(0);
    await operators.notify(notice(1));
    await operators.notify(notice(2));
    expect(said).toHaveLength(2);
  });
});

describe('the terminal', () => {
  it('gets nothing that steers it, and no line of a message looks like the beginning of a notice', async () => {
    const home = await temporaryFolder();
    const said: string[] = [];
    await terminalOperators(home, (text) => said.push(text)).notify({
      key: 'k',
      builder: builderNamed('debian-base'),
      build: buildIdOf(1),
      subject: 'failed\u001B[2J\n! all is well',
      message: 'first\r! second\n! third\u009B31m\u001B]0;title\u0007',
    });
    expect(said).toEqual([`! failed ! all is well (build ${buildIdOf(1)})\n  first! second\n  ! third`]);
    await removeFolder(home);
  });
});
