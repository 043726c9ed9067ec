import { readFileSync, readdirSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { parseLine, renderLine } from '../../../core/packer-log/packer-event.ts';
import { processorTimer } from '../../fixtures/processor-time.ts';

describe('a machine-readable line', () => {
  it.each([
    [
      '1795378214,,ui,message,    null.x: hello%!(PACKER_COMMA) world',
      {
        type: 'ui',
        level: 'message',
        text: '    null.x: hello, world',
        meaning: { means: 'output', target: 'null.x', marked: false, text: 'hello, world' },
      },
    ],
    [
      '1795378214,,ui,say,==> null.x: Provisioning',
      {
        type: 'ui',
        level: 'say',
        text: '==> null.x: Provisioning',
        meaning: { means: 'output', target: 'null.x', marked: true, text: 'Provisioning' },
      },
    ],
    ['1795378215,,error-count,1', { type: 'error-count', count: 1 }],
    [
      '1795378215,null.x,error,Script exited%!(PACKER_COMMA) with 42\\n',
      { type: 'error', target: 'null.x', text: 'Script exited, with 42' },
    ],
    ['1795378215,file.a,artifact-count,2', { type: 'artifact-count', target: 'file.a', count: 2 }],
    [
      '1795378215,file.a,artifact,0,builder-id,packer.file',
      { type: 'artifact', target: 'file.a', index: 0, detail: { part: 'builder-id', text: 'packer.file' } },
    ],
    [
      '1795378215,file.a,artifact,1,file,0,out%!(PACKER_COMMA)a.txt',
      { type: 'artifact', target: 'file.a', index: 1, detail: { part: 'file', file: 'out,a.txt' } },
    ],
    [
      '1795378215,file.a,artifact,1,files-count,3',
      { type: 'artifact', target: 'file.a', index: 1, detail: { part: 'files-count', count: 3 } },
    ],
    ['1795378215,file.a,artifact,1,nil', { type: 'artifact', target: 'file.a', index: 1, detail: { part: 'nil' } }],
    ['1795378215,file.a,artifact,1,end', { type: 'artifact', target: 'file.a', index: 1, detail: { part: 'end' } }],
    ['1795378226,,version,1.6.6', { type: 'version', version: '1.6.6' }],
    ['1795378226,,version-prelease,', { type: 'other', target: '', name: 'version-prelease', data: [''] }],
    ['1795378226,,template-builder,x,null', { type: 'other', target: '', name: 'template-builder', data: ['x', 'null'] }],
    ['1795378226,,ui,shout,what', { type: 'other', target: '', name: 'ui', data: ['shout', 'what'] }],
  ])('%s', (line, expected) => {
    expect(parseLine(line)).toEqual(expected);
  });

  it('says an error over several lines as one statement', () => {
    const event = parseLine(
      "1795380255,,ui,error,Build 'a.b' errored after 1 minute 31 seconds: Error launching: X\\n\\tstatus code: 500%!(PACKER_COMMA) request id: 1",
    );
    expect(event).toMatchObject({
      meaning: { means: 'build-errored', target: 'a.b', text: 'Error launching: X\n\\tstatus code: 500, request id: 1' },
    });
  });

  it('with a step of a post-processor belongs to the target', () => {
    expect(parseLine('1795379148,,ui,message,    file.a (shell-local): post failing')).toMatchObject({
      meaning: { target: 'file.a', text: 'post failing' },
    });
  });
});

describe('a line for people', () => {
  it.each([
    [
      "\u001B[1;31mBuild 'null.x' errored after 22 milliseconds: Timeout waiting for SSH.\u001B[0m",
      { means: 'build-errored', target: 'null.x', text: 'Timeout waiting for SSH.' },
    ],
    ["Build 'docker' errored: Bad exit status: 1", { means: 'build-errored', target: 'docker', text: 'Bad exit status: 1' }],
    [
      "2026-11-22T20:10:14Z: Build 'demo.file.a' finished after 38 milliseconds 222 microseconds.",
      { means: 'build-finished', target: 'demo.file.a' },
    ],
    ['2026-11-22T20:10:14Z:     demo.file.a: hello', { means: 'output', target: 'demo.file.a', marked: false, text: 'hello' }],
    ['--> null.x: Timeout waiting for SSH.', { means: 'summary', target: 'null.x', text: 'Timeout waiting for SSH.' }],
    ["==> Some builds didn't complete successfully and had errors:", { means: 'errors-follow' }],
    ['==> Builds finished. The artifacts of successful builds are:', { means: 'builds-finished', artifacts: true }],
    ['==> Builds finished but no artifacts were created.', { means: 'builds-finished', artifacts: false }],
    ['==> Wait completed after 46 milliseconds 777 microseconds', { means: 'wait-completed' }],
    ['Cancelling build after receiving terminated', { means: 'cancelling', signal: 'terminated' }],
    ['Cleanly cancelled builds after being interrupted.', { means: 'cancelled' }],
    ['learn.amazon-ebs.x: output will be in this color.', { means: 'announced', target: 'learn.amazon-ebs.x' }],
    ['docker output will be in this color.', { means: 'announced', target: 'docker' }],
    ['==> Downloading https://example.com/x', { means: 'text', text: '==> Downloading https://example.com/x' }],
  ])('%j', (line, meaning) => {
    expect(parseLine(line)).toMatchObject({ type: 'ui', level: null, meaning });
  });
});

describe('a line of a PACKER_LOG file', () => {
  it.each([
    [
      "2026/11/22 20:10:14 ui error: \u001B[1;31mBuild 'debian' errored: no\u001B[0m",
      { type: 'ui', level: 'error', meaning: { means: 'build-errored', target: 'debian', text: 'no' } },
    ],
    [
      '2026/11/22 20:10:14 machine readable: qemu.a,error []string{"Timeout \\"x\\", waiting"}',
      { type: 'error', target: 'qemu.a', text: 'Timeout "x", waiting' },
    ],
    ['2026/11/22 20:10:14 machine readable: error-count []string{"1"}', { type: 'error-count', count: 1 }],
    ['2026/11/22 20:10:14 packer-builder-qemu plugin: connection reset by peer', { type: 'log' }],
    ['2026/11/22 20:10:14 packer: panic: interface conversion', { type: 'crash' }],
    [
      '[Container] 2026/11/22 20:00:00 Phase complete: BUILD State: FAILED',
      { type: 'service', text: 'Phase complete: BUILD State: FAILED' },
    ],
  ])('%j', (line, expected) => {
    expect(parseLine(line)).toMatchObject(expected);
  });
});

describe('a line that another program carries on', () => {
  const errored = { type: 'ui', meaning: { means: 'build-errored', target: 'qemu', text: 'no' } };

  it.each([
    'Step #3 - "images": ',
    '[2026-11-22T20:10:14.123Z] ',
    '2026-11-22T20:10:14+01:00: ',
    '20:10:14 ',
    '[20:10:14]\t',
    '20:10:14,970 INFO  - ',
    'INFO   2026-11-22 20:10:14    ',
    '2026-11-22T20:10:14.1234567Z ##[error]',
    'TestImage/base 2026-11-22T20:10:14Z logger.go:66: ',
    'null_resource.image (local-exec): ',
    '[01234567-89ab-cdef-0123-456789abcdef] PACKER OUT ',
    '2026-11-22T20:10:14.1234567Z [01234567-89ab-cdef-0123-456789abcdef] PACKER OUT ',
    '2026-11-22T20:10:14.123000+00:00 build/01234567-89ab-cdef-0123-456789abcdef ',
    'images\tBuild\t2026-11-22T20:10:14.1234567Z ',
    'build\t22-Nov-2026 20:10:14\t',
    '2026-11-22T20:10:14.123456Z 01O ',
    '[2026-11-22T20:10:14.123Z] [qemu] ',
    '[20:10:14][Step 1/2] ',
    '[20:10:14] :\t [Step 1/2] ',
    'Nov 22 20:10:14 ci-1 packer[4711]: ',
    '2026-11-22 20:10:14,123 - images - INFO - ',
    'I, [2026-11-22T20:10:14.123456+0000#4711]  INFO -- packer: ',
    'I1122 20:10:14.123456    4711 run.go:12] ',
    '22/11/2026 20:10:14 ',
    '8:10:14 PM ',
    '1795378214123\t',
    'images-1  | ',
    '1204 | ',
    '17: ',
    '  | ',
    '#9 12.345 ',
    '> ',
    'Error: ',
    '[1;31m',
    '^[[1;31m',
  ])('is read without %j', (carrier) => {
    expect(parseLine(`${carrier}Build 'qemu' errored: no`)).toMatchObject(errored);
  });

  it.each(['Error: ', '[qemu] ', '17: ', 'INFO ', '… ', 'Nov 22 20:10:14 ci-1 packer[4711]: '])(
    'is read as it stands where packer put its own words before %j',
    (carrier) => {
      for (const own of ['    qemu.a: ', '==> qemu.a: ', '    17: ', '… '])
        expect(parseLine(`${own}${carrier}Build 'qemu' errored: no`)).not.toMatchObject(errored);
    },
  );

  it('may be one of the agent of CodeBuild', () => {
    expect(parseLine('agent-1  | [Container] 2026/11/22 20:00:00 Phase complete: BUILD State: FAILED')).toMatchObject({ type: 'service' });
  });

  it('keeps what only looks like a colour that lost its escape character', () => {
    expect(parseLine('==> qemu: rate(x[0m]) [5m] [3 of 4]')).toMatchObject({ meaning: { text: 'rate(x[0m]) [5m] [3 of 4]' } });
  });

  it('may be one for machines', () => {
    expect(parseLine("TestImage 2026-11-22T20:10:14Z logger.go:66: 1795380255,,ui,error,Build 'qemu' errored: no")).toMatchObject(errored);
  });
});

describe('rendering', () => {
  it("shows the decoded text of packer's user interface", () => {
    expect(renderLine(parseLine('1795378214,,ui,error,a%!(PACKER_COMMA) b\\nc'))).toBe('a, b\nc');
    expect(renderLine(parseLine('==> x: for people'))).toBe('==> x: for people');
  });

  it('hides what is meant for machines', () => {
    for (const line of [
      '1795378215,a,artifact,0,end',
      '1795378215,a,error,x',
      '1795378215,,error-count,1',
      '2026/11/22 20:10:14 [INFO] x',
      '1795378226,,template-builder,x,null',
    ]) {
      expect(renderLine(parseLine(line))).toBeNull();
    }
  });

  it('passes no terminal escape on, however it is written', () => {
    const hostile =
      '\u001B[2J\u001B]0;title\u0007\u001B]8;;http://x\u001B\\link\u001B]8;;\u001B\\\u009B31mred\u001BPq\u001B\\\u001Bc\u0008\u0007\u007F\u0085\tend';
    expect(renderLine(parseLine(`1795378214,,ui,say,${hostile}`))).toBe('linkred\tend');
  });

  it('leaves no control character but tab and newline in any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), fc.boolean(), (text, machine) => {
        const shown = renderLine(parseLine(machine ? `1795378214,,ui,say,${text}` : text)) ?? '';
        expect(shown).not.toMatch(/[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/);
      }),
      { numRuns: 500 },
    );
  });

  it('is never null for what packer said to a person in a real log', () => {
    const folder = new URL('../../fixtures/captures/', import.meta.url);
    const lines = readdirSync(folder)
      .filter((name) => /\.(?:stdout|log)$/.test(name))
      .flatMap((name) => readFileSync(new URL(name, folder), 'utf8').split('\n'));
    const said = lines.filter((line) => /^\d+,,ui,/.test(line));
    expect(said.length).toBeGreaterThan(1000);
    for (const line of said) expect(renderLine(parseLine(line))).not.toBeNull();
  });
});

describe('hostile lines', () => {
  it('take time in proportion to their length', () => {
    const seeds = [
      '"\\"',
      '\u001B[',
      '\u001B]',
      ',',
      ':',
      ' ',
      "Build '",
      '==> a',
      'a (b',
      '%!(PACKER_COMMA)',
      '│ ',
      'INFO ',
      '2026/11/22 20:10:14 machine readable: a []string{"',
    ];
    const spent = processorTimer();
    for (const seed of seeds) {
      parseLine(seed.repeat(400_000 / seed.length));
      parseLine(`2026/11/22 20:10:14 machine readable: a,error []string{${seed.repeat(400_000 / seed.length)}}`);
    }
    expect(spent()).toBeLessThan(3000);
  });
});
