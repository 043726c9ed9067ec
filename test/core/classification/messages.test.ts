import { describe, expect, it } from 'vitest';

import { classifyLog } from '../../../core/classification/classify.ts';
import { exitOfScript, failed, failedTarget, succeeded, unknownEnd } from './logs.ts';
import { errors } from './messages-of-packer.ts';
import { printed } from './messages-of-scripts.ts';

const rowsOf = (table: Readonly<Record<number, readonly string[]>>) =>
  Object.entries(table).flatMap(([exitCode, texts]) => texts.map((text) => [Number(exitCode), text] as const));

describe('a message', () => {
  it.each(rowsOf(errors))('is of class %i at the end of a target: %s', (exitCode, text) => {
    expect(classifyLog(failedTarget('base', text), failed).exit_code).toBe(exitCode);
  });

  it.each(rowsOf(printed))('is of class %i as the last of a script: %s', (exitCode, text) => {
    expect(classifyLog(exitOfScript('base', [text]), failed).exit_code).toBe(exitCode);
  });

  it.each(errors[3])('quarantines nothing where a script prints it: %s', (text) => {
    expect(classifyLog(exitOfScript('base', [text]), failed).exit_code).not.toBe(3);
  });
});

describe('a download that failed before 1.4', () => {
  const log = (cause: string) => [
    'virtualbox-iso output will be in this color.',
    '==> virtualbox-iso: Downloading or copying ISO',
    `    virtualbox-iso: Error downloading: ${cause}`,
    '==> virtualbox-iso: ISO download failed.',
    "Build 'virtualbox-iso' errored: ISO download failed.",
    '',
    "==> Some builds didn't complete successfully and had errors:",
    '--> virtualbox-iso: ISO download failed.',
    '',
    '==> Builds finished but no artifacts were created.',
  ];

  it.each([
    ["checksums didn't match expected: ec7500d4", '3 ISO_CHECKSUM'],
    ['Get http://mirror.example.com/x.iso: net/http: TLS handshake timeout', '2 NET_TIMEOUT'],
  ])('is what the line before it says: %s', (cause, expected) => {
    const { exit_code: exitCode, classification } = classifyLog(log(cause), failed);
    expect(`${exitCode} ${classification.rule}`).toBe(expected);
  });

  it('is no violation where a script prints the same', () => {
    const lines = exitOfScript('virtualbox-iso', ["Error downloading: checksums didn't match expected: ec7500d4"]);
    expect(classifyLog(lines, failed).exit_code).toBe(1);
  });
});

describe('a fault of a template', () => {
  it('is not told by the lines of the template that HCL quotes', () => {
    const log = [
      'Error: Unset variable',
      '',
      '  on base.pkr.hcl line 3:',
      '   3:   # connection refused, retry later',
      '   4:   x = var.y',
      '',
      'A used variable must be set.',
    ];
    expect(classifyLog(log, failed).exit_code).toBe(1);
  });
});

describe('a log that names no target', () => {
  const lines = ['azure-arm.windows: Failures', 'azure-arm.windows:  The remote server returned an error: (429) Too Many Requests.'];

  it('is told by its last lines where packer failed', () => {
    expect(classifyLog(lines, failed)).toMatchObject({ exit_code: 2, classification: { rule: 'HTTP_429' } });
  });

  it('is not told by them where nobody knows that packer failed', () => {
    expect(classifyLog(lines, succeeded).classification.rule).toBe('NO_EVIDENCE');
    expect(classifyLog(lines, unknownEnd).exit_code).not.toBe(2);
  });

  it('is not told by lines that are of no target', () => {
    expect(classifyLog(['* var x: connection refused', 'something: connection refused'], failed).exit_code).toBe(1);
  });

  it('is never a violation', () => {
    expect(classifyLog(["x: checksums didn't match", 'x: 401 Unauthorized'], failed).exit_code).toBe(1);
    expect(classifyLog(["x: checksums didn't match"], unknownEnd).exit_code).not.toBe(3);
  });
});

describe('an end of a log that lost what came before', () => {
  it.each([
    ['--> amazon-ebs: Timeout waiting for SSH.', '', '==> Builds finished but no artifacts were created.'],
    ['--> base: AccessDenied: not authorized'],
    ['==> base: Provisioning with shell script: a.sh', '--> base: Script exited with non-zero exit status: 1'],
    ['1795380254,,ui,say,==> base: x', '--> base: nothing at all', '1795380254,,ui,say,==> Builds finished but no artifacts were created.'],
  ])('is no success, whatever packer exited with: %s', (...lines) => {
    for (const context of [unknownEnd, failed, succeeded]) expect(classifyLog(lines, context).exit_code).not.toBe(0);
  });
});

it('tells a proxy of Ansible that refuses the log-in from a connection that was lost', () => {
  const printed = [
    'fatal: [default]: UNREACHABLE! => {"changed": false, "msg": "Failed to connect to the host via ssh: Received disconnect from 127.0.0.1 port 56817:2: too many authentication failures", "unreachable": true}',
  ];
  expect(classifyLog(exitOfScript('base', printed), failed)).toMatchObject({
    exit_code: 1,
    classification: { rule: 'ANSIBLE_UNREACHABLE' },
  });
});

describe('what CodeBuild says while it fetches the source', () => {
  const waiting = '[Container] 2025/01/03 14:10:46.285161 Waiting for DOWNLOAD_SOURCE';

  it.each([
    ['CLIENT_ERROR: authorization failed for primary source and source version d7e3388d'],
    [
      'AccessDenied: Access Denied',
      '    status code: 403, request id: 96KY for primary source and source version arn:aws:s3:::artifacts/x',
    ],
  ])('is a violation where that is refused: %s', (...said) => {
    expect(classifyLog([waiting, ...said], failed).exit_code).toBe(3);
  });

  it('is none once a command of the build may have said it', () => {
    const later = [waiting, '[Container] 2025/01/03 14:10:50.285161 Phase is DOWNLOAD_SOURCE'];
    const said = 'CLIENT_ERROR: authorization failed for primary source and source version d7e3388d';
    expect(classifyLog([...later, said], failed).exit_code).not.toBe(3);
  });
});

describe("a person's copy of a log that lacks its end", () => {
  const finished = ['==> openstack.base: Image: a31acc16', "Build 'openstack.base' finished after 1 minute 38 seconds."];
  const listed = ['==> yandex: debconf: unable to initialize frontend: Dialog', '--> yandex: A disk image was created: base (id: fd8481)'];

  it.each([[finished], [listed]])('is a success where packer is known to have exited with 0', (lines) => {
    expect(classifyLog(lines, succeeded).classification.rule).toBe('SUCCESS');
    for (const context of [failed, unknownEnd]) expect(classifyLog(lines, context).exit_code).not.toBe(0);
    const machine = ['1795380254,,ui,say,==> base: x', ...lines];
    expect(classifyLog(machine, succeeded).exit_code).not.toBe(0);
    const failing = ['==> yandex: Provisioning step had errors: Running the cleanup provisioner, if present...', ...lines];
    expect(classifyLog(failing, succeeded).exit_code).not.toBe(0);
  });

  it('is none where another target has not ended', () => {
    expect(classifyLog(['==> openstack.other: Launching server...', ...finished], succeeded).exit_code).not.toBe(0);
  });
});
