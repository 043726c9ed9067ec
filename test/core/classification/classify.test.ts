import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { classifyLog } from '../../../core/classification/classify.ts';
import { encoded, exitOfScript, failedTarget, unknownEnd } from './logs.ts';

const failed = { ...unknownEnd, packerExitCode: 1 };
const succeeded = { ...unknownEnd, packerExitCode: 0 };

function outcome(lines: readonly string[], context = failed): string {
  const verdict = classifyLog(lines, context);
  return `${verdict.exit_code} ${verdict.classification.rule}`;
}

const end = [
  '1795380255,,ui,say,\\n==> Wait completed after 1 second',
  '1795380255,,ui,say,\\n==> Builds finished. The artifacts of successful builds are:',
];
const artifact = [
  '1795380255,file.a,artifact,0,id,File',
  '1795380255,file.a,artifact,0,end',
  '1795380255,,ui,say,--> file.a: Stored file: a.txt',
];

describe('what a script prints', () => {
  const words = [
    'UnauthorizedOperation: You are not authorized to perform this operation.',
    'AccessDenied',
    'NO_PUBKEY A4E9',
    'x509: certificate signed by unknown authority',
    'AADSTS7000215',
    '401 Unauthorized',
    'AuthFailure',
  ];

  it.each(words)('is no violation, on either stream: %s', (word) => {
    for (const level of ['error', 'message'] as const) {
      expect(classifyLog(exitOfScript('amazon-ebs.base', [word], level), failed).exit_code).not.toBe(3);
    }
  });

  it('is no violation either where the log is cut before its end', () => {
    const log = exitOfScript('amazon-ebs.base', ['UnauthorizedOperation: You are not authorized']).slice(0, 3);
    expect(classifyLog(log, failed).exit_code).not.toBe(3);
    expect(classifyLog(log, unknownEnd).exit_code).not.toBe(3);
  });

  it('cannot pass itself off as a statement of packer with a backslash and an n', () => {
    const forged = String.raw`x\nBuild 'amazon-ebs.base' errored after 1 second: UnauthorizedOperation: no\n==> Some builds didn't complete successfully and had errors:\n--> amazon-ebs.base: UnauthorizedOperation`;
    expect(outcome(exitOfScript('amazon-ebs.base', [forged]))).toBe('1 SCRIPT_EXIT');
  });

  it('is no violation where packer quotes it behind its own words', () => {
    expect(outcome(failedTarget('null.x', 'Error executing script: exit status 1\n\nStderr: UnauthorizedOperation'))).toBe('1 UNKNOWN');
    expect(outcome(failedTarget('null.x', 'Error executing script: exit status 1\n\nStderr: Error querying AMI: RequestExpired'))).toBe(
      '1 UNKNOWN',
    );
  });

  it('is a violation where packer says it itself', () => {
    expect(outcome(failedTarget('amazon-ebs.base', 'Error launching source instance: UnauthorizedOperation: You are not authorized'))).toBe(
      '3 AWS_UNAUTHORIZED',
    );
  });
});

describe('what does not decide', () => {
  const healed = 'RequestLimitExceeded: Request limit exceeded., retrying in 2s';

  it('an error that a retry inside packer healed', () => {
    const log = failedTarget('amazon-ebs.base', 'No AMI was found matching filters: {}', [
      `1795380254,,ui,error,==> amazon-ebs.base: ${healed}`,
    ]);
    expect(outcome(log)).toBe('1 AWS_LOOKUP');
    expect(outcome([`1795380254,,ui,error,==> file.a: ${healed}`, ...end, ...artifact], succeeded)).toBe('0 SUCCESS');
  });

  it('a word in what a script says of itself', () => {
    const printed = [
      '+ # raise the timeout, connections were refused before',
      'setting connection_timeout=30',
      'checking AccessDenied handling: ok',
    ];
    expect(outcome(exitOfScript('amazon-ebs.base', printed))).toBe('1 SCRIPT_EXIT');
  });

  it('standard error of a step that passed', () => {
    const passed = [
      '1795380254,,ui,say,==> amazon-ebs.base: Provisioning with shell script: /tmp/packer-shell0',
      '1795380254,,ui,error,==> amazon-ebs.base: curl: (7) Failed to connect to example.com port 443',
    ];
    expect(outcome([...passed, ...exitOfScript('amazon-ebs.base', ['assertion failed: 3 is not 4'])])).toBe('1 SCRIPT_EXIT');
  });

  it('a scary line in a build that succeeded', () => {
    const scary = ['1795380254,,ui,error,==> file.a: fatal: UnauthorizedOperation', '1795380254,,ui,error,==> file.a: panic: oh no'];
    expect(outcome([...scary, ...end, ...artifact], succeeded)).toBe('0 SUCCESS');
  });
});

describe('the same failure is read alike', () => {
  const code = 'RequestLimitExceeded';
  const errors = [
    `Error launching source instance: ${code}: Request limit exceeded.\n\tstatus code: 503, request id: 1-2`,
    `Error launching source instance: operation error EC2: RunInstances, exceeded maximum number of attempts, 10, https response error StatusCode: 503, RequestID: 1-2, api error ${code}: Request limit exceeded.`,
  ];

  it.each(errors)('in both formats of AWS errors: %s', (error) => {
    expect(outcome(failedTarget('amazon-ebs.base', error))).toBe('2 AWS_THROTTLED');
  });

  const human = [
    'amazon-ebs: output will be in this color.',
    '==> amazon-ebs: Creating temporary keypair',
    `==> amazon-ebs: ${code}: Request limit exceeded.`,
    `Build 'amazon-ebs' errored after 2 seconds: ${code}: Request limit exceeded.`,
    '',
    "==> Some builds didn't complete successfully and had errors:",
    `--> amazon-ebs: ${code}: Request limit exceeded.`,
  ];
  const carried: Readonly<Record<string, (line: string) => string>> = {
    'as packer prints it': (line) => line,
    'in colour': (line) => `\u001B[1;31m${line}\u001B[0m`,
    'with the time stamps of GitHub Actions': (line) => `2026-11-22T20:00:00.1234567Z ${line}`,
    'with the time stamps of Jenkins': (line) => `20:00:00  ${line}`,
    'with the marks of Azure DevOps': (line) => `2026-11-22T20:00:00.1234567Z ##[debug]${line}`,
    'in a PACKER_LOG': (line) => `2026/11/22 20:00:00 ui error: ${line}`,
  };

  it.each(Object.entries(carried))('%s', (_, carry) => {
    expect(outcome(human.map(carry))).toBe('2 AWS_THROTTLED');
  });

  it('from packer before 1.7 and after it', () => {
    expect(outcome(human.map((line) => line.replace(' errored after 2 seconds:', ' errored:')))).toBe('2 AWS_THROTTLED');
  });

  it('beside the words of CodeBuild that its command failed', () => {
    const agent = [
      '[Container] 2026/11/22 20:00:00.123456 Command did not exit successfully packer build . exit status 1',
      '[Container] 2026/11/22 20:00:00.123456 Phase context status code: COMMAND_EXECUTION_ERROR Message: Error while executing command: packer build .. Reason: exit status 1',
    ];
    expect(outcome([...human, ...agent])).toBe('2 AWS_THROTTLED');
  });
});

describe("the lines before a script's exit", () => {
  it('tell the cause', () => {
    expect(
      outcome(
        exitOfScript('amazon-ebs.base', [
          'E: Failed to fetch http://archive.ubuntu.com/x.deb  503 Service Unavailable',
          'E: Unable to fetch some archives',
        ]),
      ),
    ).toBe('2 APT_MIRROR');
  });

  it('tell it in a log for people too', () => {
    const log = [
      '\u001B[1;32m==> amazon-ebs: Provisioning with shell script: /tmp/packer-shell1\u001B[0m',
      '\u001B[0;32m    amazon-ebs: E: Could not get lock /var/lib/dpkg/lock-frontend\u001B[0m',
      "\u001B[1;31mBuild 'amazon-ebs' errored after 1 minute: Script exited with non-zero exit status: 100\u001B[0m",
    ];
    expect(outcome(log)).toBe('2 APT_LOCK');
  });

  it('do not decide where they belong to a step that passed', () => {
    const log = exitOfScript('amazon-ebs.base', ['E: Failed to fetch http://x/y  Connection timed out']);
    const next = [
      '1795380254,,ui,say,==> amazon-ebs.base: Provisioning with shell script: /tmp/packer-shell2',
      '1795380254,,ui,message,    amazon-ebs.base: about to fail',
    ];
    expect(outcome([...log.slice(0, 3), ...next, ...log.slice(3)])).toBe('1 SCRIPT_EXIT');
  });

  it('do not decide where the script went on for long after them', () => {
    const printed = ['curl: (7) Failed to connect', ...Array.from({ length: 50 }, (_, at) => `compiling part ${at}`)];
    expect(outcome(exitOfScript('amazon-ebs.base', printed))).toBe('1 SCRIPT_EXIT');
  });

  it('let a cause close before a consequence decide, and only one that is close', () => {
    const consequence = 'tar: tool.tgz: Cannot open: No such file or directory';
    expect(outcome(exitOfScript('amazon-ebs.base', ['curl: (6) Could not resolve host: example.com', consequence]))).toBe('2 FETCH_FAILED');
    const far = Array.from({ length: 15 }, () => 'working');
    expect(outcome(exitOfScript('amazon-ebs.base', ['curl: (6) Could not resolve host: example.com', ...far, consequence]))).toBe(
      '1 SCRIPT_ERROR',
    );
  });

  it('do not decide where the cleanup provisioner printed them', () => {
    const log = exitOfScript('amazon-ebs.base', ['about to fail']);
    const at = log.findIndex((line) => line.includes('Terminating'));
    const cleanup = ['1795380254,,ui,error,==> amazon-ebs.base: Could not get lock /var/lib/dpkg/lock'];
    expect(outcome(log.toSpliced(at, 0, ...cleanup))).toBe('1 SCRIPT_EXIT');
  });
});

describe('a context turns an ambiguous row', () => {
  it('one missing package is a wrong name, many are an incomplete index', () => {
    expect(outcome(exitOfScript('a.b', ['E: Unable to locate package ngnix']))).toBe('1 PKG_NOT_FOUND');
    expect(
      outcome(exitOfScript('a.b', ['E: Unable to locate package bison', "E: Package 'bison-doc' has no installation candidate"])),
    ).toBe('2 PKG_NOT_FOUND');
  });

  it('an image that the run made itself is not visible yet, any other is wrong', () => {
    const error = "InvalidAMIID.NotFound: The image id '[ami-0123456789abcdef0]' does not exist";
    expect(outcome(failedTarget('amazon-ebs.base', error))).toBe('1 AWS_AMI_MISSING');
    expect(
      outcome(failedTarget('amazon-ebs.base', error, ['1795380254,,ui,message,    amazon-ebs.base: AMI: ami-0123456789abcdef0'])),
    ).toBe('2 AWS_AMI_MISSING');
  });

  it('credentials that expired before the first call are not healed by a new run', () => {
    expect(outcome(failedTarget('a.b', 'Error creating AMI: RequestExpired: Request has expired.'))).toBe('2 AWS_CREDS_EXPIRED');
    expect(outcome(failedTarget('a.b', 'error validating regions: RequestExpired: Request has expired.'))).toBe('3 AWS_CREDS_EXPIRED');
  });

  it('a guest that is installed by packer and never answers is set up wrongly', () => {
    expect(outcome(failedTarget('amazon-ebs.base', 'Timeout waiting for SSH.'))).toBe('2 COMM_TIMEOUT');
    expect(outcome(failedTarget('qemu.base', 'Timeout waiting for SSH.'))).toBe('1 COMM_TIMEOUT');
  });

  it('a script that announced a reboot cut itself off', () => {
    const error = 'Script disconnected unexpectedly. If you expected your script to disconnect';
    const reboot = ['1795380254,,ui,error,==> a.b: The system is going down for reboot NOW!'];
    expect(outcome(failedTarget('a.b', error))).toBe('2 SSH_DISCONNECT');
    expect(outcome(failedTarget('a.b', error, reboot))).toBe('1 SSH_DISCONNECT');
  });

  it('a plugin that could not be fetched for the network may exist', () => {
    const error = 'no release version found for the github.com/hashicorp/amazon plugin matching the constraint(s): ">= 1.0.0"';
    expect(outcome([`1795380254,,ui,error,${encoded(error)}`])).toBe('1 PLUGIN_NOT_FOUND');
    expect(outcome([`1795380254,,ui,error,${encoded(`${error}\n* Get "https://api.github.com": net/http: TLS handshake timeout`)}`])).toBe(
      '2 PLUGIN_NOT_FOUND',
    );
  });

  it('a mistyped region does not resolve, a sound one may again', () => {
    expect(outcome(failedTarget('a.b', 'dial tcp: lookup ec2.us-east1.amazonaws.com: no such host'))).toBe('1 DNS_NXDOMAIN');
    expect(outcome(failedTarget('a.b', 'dial tcp: lookup ec2.us-gov-west-1.amazonaws.com: no such host'))).toBe('2 DNS_NXDOMAIN');
    expect(outcome(failedTarget('a.b', 'dial tcp: lookup archive.ubuntu.com: no such host'))).toBe('2 DNS_NXDOMAIN');
  });

  it('a panic behind a lost plugin is a bug, a lost plugin alone may come back', () => {
    expect(outcome(failedTarget('a.b', 'unexpected EOF'))).toBe('2 PACKER_CRASH');
    expect(outcome(failedTarget('a.b', 'unexpected EOF', ['2026/11/22 20:00:00 packer-plugin-x plugin: panic: nil map']))).toBe(
      '1 PACKER_PANIC',
    );
  });

  it('says so, and on the second attempt that there is no third', () => {
    const first = classifyLog(failedTarget('qemu.base', 'Timeout waiting for SSH.'), failed);
    expect(first.classification.hint).toContain('This builder installs its guest');
    const other = classifyLog(failedTarget('amazon-ebs.base', 'Timeout waiting for SSH.'), failed);
    expect(other.classification.hint).toContain('The same message can be of class 1; nothing in this log says so.');
    const second = classifyLog(failedTarget('amazon-ebs.base', 'Timeout waiting for SSH.'), { ...failed, attempt: 2 });
    expect(second.exit_code).toBe(2);
    expect(second.classification.hint).toContain('second attempt');
  });
});

describe('why AWS ended an instance', () => {
  const details =
    '1795380254,,ui,error,==> amazon-ebs.base: Instance state change details: Client.InternalError: Client.InvalidKMSKey.InvalidState: The KMS key provided is in an incorrect state';

  it('is read from its own line where the instance never became ready', () => {
    expect(
      outcome(
        failedTarget(
          'amazon-ebs.base',
          'Error waiting for instance (i-1) to become ready: ResourceNotReady: failed waiting for successful resource state',
          [details],
        ),
      ),
    ).toBe('3 KMS_KEY');
  });

  it('is not believed where a script may have printed it', () => {
    expect(outcome(exitOfScript('amazon-ebs.base', ['Instance state change details: Client.InvalidKMSKey.InvalidState']))).toBe(
      '1 SCRIPT_EXIT',
    );
  });
});

describe('success', () => {
  it('needs an artifact and the end of the output, whatever packer exits with', () => {
    expect(outcome([...end, ...artifact], succeeded)).toBe('0 SUCCESS');
    expect(outcome(['1795380255,,ui,say,\\n==> Builds finished but no artifacts were created.'], succeeded)).toBe('1 NO_EVIDENCE');
    expect(outcome(["1795380255,,ui,say,Build 'file.a' finished after 1 second."], succeeded)).toBe('2 INTERRUPTED');
    expect(outcome([], succeeded)).toBe('1 NO_EVIDENCE');
    expect(outcome([...end, ...artifact], failed)).toBe('1 UNKNOWN');
  });

  it('rests on a recorded artifact too, but not on it alone', () => {
    const recorded = [{ id: 'File', type: 'file', builder_id: null, name: 'a', files: [] }];
    const finished = "1795380255,,ui,say,Build 'file.a' finished after 1 second.";
    expect(outcome(['1795380255,,ui,say,\\n==> Builds finished but no artifacts were created.'], { ...succeeded, recorded })).toBe(
      '0 SUCCESS',
    );
    expect(outcome([finished], { ...succeeded, recorded })).toBe('2 INTERRUPTED');
  });

  it('is not taken back by a scary line', () => {
    const scary = [
      '1795380254,,ui,error,==> file.a: ERROR: UnauthorizedOperation, Timeout waiting for SSH., connection refused',
      '1795380254,,ui,error,Error: something old',
    ];
    expect(outcome([...scary, ...end, ...artifact], succeeded)).toBe('0 SUCCESS');
  });
});

describe('over several targets', () => {
  const transient = failedTarget('amazon-ebs.a', 'RequestLimitExceeded: Request limit exceeded.');
  const config = failedTarget('amazon-ebs.b', 'No AMI was found matching filters: {}');
  const violation = failedTarget('amazon-ebs.c', 'UnauthorizedOperation: no');

  it('the gravest decides: 3 before 1 before 2 before 0', () => {
    expect(outcome([...transient, ...artifact])).toBe('2 AWS_THROTTLED');
    expect(outcome([...transient, ...config])).toBe('1 AWS_LOOKUP');
    expect(outcome([...transient, ...violation, ...config])).toBe('3 AWS_UNAUTHORIZED');
  });

  it('names the target that decided', () => {
    expect(classifyLog([...transient, ...config], failed).classification.reason).toMatch(/^amazon-ebs\.b: /);
  });

  it('an error that came before an interruption still decides', () => {
    const log = [
      ...config,
      '1795380255,,ui,error,Cancelling build after receiving terminated',
      '1795380255,,ui,say,Cleanly cancelled builds after being interrupted.',
    ];
    expect(outcome(log)).toBe('1 AWS_LOOKUP');
    expect(outcome([log.at(-2) ?? '', ...failedTarget('amazon-ebs.a', 'Build was halted.'), log.at(-1) ?? ''])).toBe('2 INTERRUPTED');
  });
});

describe('every verdict', () => {
  it('shows at most ten lines with their numbers, none longer than 500', () => {
    const error = Array.from({ length: 60 }, (_, at) => `* problem ${at} ${'x'.repeat(900)}`).join('\n');
    const { evidence } = classifyLog(failedTarget('a.b', error), failed).classification;
    expect(evidence).toHaveLength(10);
    expect(evidence[0]).toMatch(/^2: \* problem 0 x/);
    expect(Math.max(...evidence.map((line) => line.length))).toBe(500);
  });

  it('is there for any text, without a throw', () => {
    const piece = fc.constantFrom(
      '==> a: ',
      '    a: ',
      '--> a: ',
      "Build 'a' errored: ",
      "Build 'a' finished",
      '1795380255,,ui,say,',
      '1795380255,a,error,',
      '1795380255,a,artifact,0,',
      '\\n',
      '\u001B[1m',
      ',',
      ':',
      '2026/11/22 20:00:00 ui: ',
      'Error: ',
      '[Container] 2026/11/22 20:00:00 ',
      'Timeout waiting for SSH.',
    );
    const line = fc.array(fc.oneof(piece, fc.string({ unit: 'binary', maxLength: 20 })), { maxLength: 6 }).map((parts) => parts.join(''));
    const ends = fc.record({
      packerExitCode: fc.constantFrom(null, 0, 1, 2, 127),
      signal: fc.constantFrom(null, 'SIGKILL'),
      attempt: fc.constantFrom(1 as const, 2 as const),
      recorded: fc.constant([]),
    });
    fc.assert(
      fc.property(fc.array(line, { maxLength: 30 }), ends, (lines, context) => {
        const verdict = classifyLog(lines, context);
        expect([0, 1, 2, 3]).toContain(verdict.exit_code);
        expect(verdict.classification.evidence.length).toBeLessThanOrEqual(10);
      }),
      { numRuns: 300 },
    );
  });
});
