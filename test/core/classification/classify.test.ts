import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { classifyLog } from '../../../core/classification/classify.ts';
import { exitOfScript, failed, failedTarget, outcome, succeeded, unknownEnd } from './logs.ts';

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
    'with the marks of Cloud Build': (line) => `Step #3 - "build": ${line}`,
  };

  it.each(Object.entries(carried))('%s', (_, carry) => {
    expect(outcome(human.map(carry))).toBe('2 AWS_THROTTLED');
  });

  it('machine-readable behind the time of a PACKER_LOG', () => {
    const log = failedTarget('amazon-ebs.base', `${code}: Request limit exceeded.`);
    expect(outcome(log.map((line) => `2026/11/22 20:00:00 ${line}`))).toBe('2 AWS_THROTTLED');
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

  it('without packer, where another command of CodeBuild failed', () => {
    const log = [
      'toomanyrequests: You have reached your pull rate limit.',
      '[Container] 2026/11/22 20:00:00.123456 Command did not exit successfully docker build . exit status 1',
      '[Container] 2026/11/22 20:00:00.123456 Phase complete: BUILD State: FAILED',
      '[Container] 2026/11/22 20:00:00.123456 Phase context status code: COMMAND_EXECUTION_ERROR Message: Error while executing command: docker build .. Reason: exit status 1',
    ];
    expect(outcome(log)).toBe('2 REGISTRY_RATE');
    expect(outcome(['+ make test', ...log.slice(1)])).toBe('1 UNKNOWN');
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

  it('is read from a log for people too', () => {
    const error = 'Error waiting for instance (i-1) to become ready: ResourceNotReady: failed waiting for successful resource state';
    const log = [
      '==> amazon-ebs.base: Waiting for instance (i-1) to become ready...',
      `==> amazon-ebs.base: ${error}`,
      '==> amazon-ebs.base: Instance state change details: Client.InternalError: Client.InvalidKMSKey.InvalidState',
      `Build 'amazon-ebs.base' errored after 30 seconds: ${error}`,
    ];
    expect(outcome(log)).toBe('3 KMS_KEY');
    expect(outcome([...log.slice(0, 2), ...log.slice(3)])).toBe('2 AWS_WAIT_FAILED');
  });

  it('is not believed where a script may have printed it', () => {
    const error = 'Error waiting for instance to stop: ResourceNotReady: failed waiting for successful resource state';
    expect(outcome(failedTarget('amazon-ebs.base', error, [details]))).toBe('2 AWS_WAIT_FAILED');
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

  it('a plugin that ends with the run that was told to stop has not crashed', () => {
    const log = [
      '1795380255,,ui,error,Cancelling build after receiving interrupt',
      ...failedTarget('lxd.a', 'unexpected EOF', ['2026/11/22 20:00:00 packer-plugin-lxd plugin: panic: interface conversion']),
      '1795380255,,ui,say,Cleanly cancelled builds after being interrupted.',
    ];
    expect(outcome(log)).toBe('2 INTERRUPTED');
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

describe('a command of a build that failed without packer', () => {
  const agent = (text: string) => `[Container] 2026/11/22 20:00:00.123456 ${text}`;
  const failedBuild = (...printed: string[]) => [
    agent('Running command make image'),
    ...printed,
    agent('Command did not exit successfully make image exit status 2'),
    agent('Phase complete: BUILD State: FAILED'),
    agent('Phase context status code: COMMAND_EXECUTION_ERROR Message: Error while executing command: make image. Reason: exit status 2'),
    agent('Entering phase POST_BUILD'),
  ];

  it('is told by what it printed, not by what commands before and after it did', () => {
    const before = [agent('Running command ./warm-up'), 'curl: (28) Operation timed out'];
    const after = [agent('Running command ./upload'), 'Error response from daemon: received unexpected HTTP status: 502 Bad Gateway'];
    expect(outcome([...before, ...failedBuild('make: gcc: command not found'), ...after])).toBe('1 SCRIPT_ERROR');
    expect(outcome([...before, ...failedBuild(), ...after])).toBe('1 UNKNOWN');
    expect(outcome(failedBuild('curl: (28) Operation timed out'))).toBe('2 FETCH_FAILED');
  });
});

describe('a copy that lacks its end', () => {
  const begun = ['amazon-ebs.web: output will be in this color.', '', '==> amazon-ebs.web: Prevalidating any provided VPC information'];
  const refused = '==> amazon-ebs.web: Error querying AMI: UnauthorizedOperation: You are not authorized to perform this operation.';
  const cleaned = '==> amazon-ebs.web: Error deleting temporary keypair: RequestLimitExceeded: Request limit exceeded.';

  it('tells of a violation where nothing of a person has run yet', () => {
    expect(outcome([...begun, refused, cleaned])).toBe('3 AWS_UNAUTHORIZED');
  });

  it.each([
    ['lacks its beginning', [refused]],
    ['reached a guest', [...begun, '==> amazon-ebs.web: Connected to SSH!', refused]],
    ['began a step', [...begun, '==> amazon-ebs.web: Running local shell script: /tmp/x', refused]],
    ['has a beginning that a script printed', ['    amazon-ebs.web: output will be in this color.', refused]],
  ])('tells of none where it %s', (_, lines) => {
    expect(classifyLog(lines, failed).exit_code).not.toBe(3);
  });
});

describe('a copy that has the list of what failed alone', () => {
  const broke = [
    '--> amazon-ebs: Error stopping instance: RequestError: send request failed',
    'caused by: Post https://ec2.us-east-1.amazonaws.com/: dial tcp 192.0.2.1:443: i/o timeout',
  ];

  it('is told by that list, over all lines of a text', () => {
    expect(outcome(broke)).toBe('2 NET_TIMEOUT');
    expect(outcome(['--> amazon-ebs: InvalidAMIID.NotFound: no such image'])).toBe('1 AWS_AMI_MISSING');
  });

  it('is no success where packer is said to have exited with 0 and one of its lines is a failure', () => {
    expect(classifyLog(broke, { ...failed, packerExitCode: 0 }).exit_code).not.toBe(0);
  });

  it.each([
    ['tells of a violation, which a script can print', ['--> x: UnauthorizedOperation: You are not authorized to perform this operation.']],
    ['stands behind lines for programs', ['1700000000,,ui,say,==> amazon-ebs: Stopping', '--> amazon-ebs: i/o timeout']],
  ])('is not believed where it %s', (_, lines) => {
    expect(outcome(lines)).toBe('1 UNKNOWN');
  });
});

describe('a copy that lacks its beginning', () => {
  const step = [
    '    vsphere-iso.web: TASK [Install packages] ****',
    '    vsphere-iso.web: E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 912 (apt-get)',
  ];
  const end = [
    '==> vsphere-iso.web: Power off VM...',
    "Build 'vsphere-iso.web' errored after 51 minutes: Error executing Ansible: Non-zero exit status: exit status 2",
  ];

  it('has the lines of a target, too, that stand before the first which names it as one', () => {
    expect(outcome([...step, ...end])).toBe('2 APT_LOCK');
    expect(outcome([...step.map((line) => line.replace('vsphere-iso.web', 'vsphere-iso.other')), ...end])).toBe('1 PROVISIONER_EXIT');
  });
});

describe('every verdict', () => {
  it('shows at most ten lines with their numbers, none longer than 500', () => {
    const error = Array.from({ length: 60 }, (_, at) => `* problem ${at} ${'x'.repeat(at % 4 === 0 ? 900 : 10)}`).join('\n');
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
