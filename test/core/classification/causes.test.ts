import { describe, expect, it } from 'vitest';

import { classifyLog } from '../../../core/classification/classify.ts';
import { encoded, exitOfScript, failed, failedTarget, outcome } from './logs.ts';

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
    const printed = ['curl: (7) Failed to connect', ...Array.from({ length: 25 }, (_, at) => `compiling part ${at}`)];
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

  it('do not decide where they trace a command, whatever words stand in it', () => {
    const trace = '++ wait_for_mirror # connection timed out is normal here';
    expect(outcome(exitOfScript('amazon-ebs.base', [trace, "sed: can't read /etc/nope.conf: No such file or directory"]))).toBe(
      '1 SCRIPT_ERROR',
    );
  });

  it('do not decide where what could not be fetched came after all', () => {
    const refused = 'curl: (7) Failed to connect to mirror port 443: Connection refused';
    const came = 'HTTP request sent, awaiting response... 200 OK';
    expect(outcome(exitOfScript('amazon-ebs.base', [refused, 'about to fail']))).toBe('2 FETCH_FAILED');
    expect(outcome(exitOfScript('amazon-ebs.base', [refused, came, 'about to fail']))).toBe('1 SCRIPT_EXIT');
    expect(outcome(exitOfScript('amazon-ebs.base', [came, refused, 'about to fail']))).toBe('2 FETCH_FAILED');
    expect(outcome(exitOfScript('amazon-ebs.base', [refused, 'the mirror is up', 'about to fail']))).toBe('1 SCRIPT_EXIT');
    const retried = "WARNING: Retrying (Retry(total=0)) after connection broken by 'ReadTimeoutError'";
    const versions = (known: string) => `ERROR: Could not find a version that satisfies the requirement foo==9.9 (from versions: ${known})`;
    expect(outcome(exitOfScript('amazon-ebs.base', [retried, versions('none')]))).toBe('2 PKG_INDEX');
    expect(outcome(exitOfScript('amazon-ebs.base', [retried, versions('1.0, 1.1')]))).toBe('1 SCRIPT_EXIT');
  });

  it('tell of a script that is written wrongly, also where the network failed before', () => {
    const refused = 'curl: (7) Failed to connect to mirror port 443: Connection refused';
    const fault = "./configure: line 12: syntax error near unexpected token `fi'";
    expect(outcome(exitOfScript('amazon-ebs.base', [refused, 'using the second mirror', fault]))).toBe('1 SCRIPT_FAULT');
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
    const key = 'Error creating temporary keypair: Request has expired.';
    expect(outcome(failedTarget('a.b', `${key} (RequestExpired)`))).toBe('3 AWS_CREDS_EXPIRED');
    const clock = 'Error creating AMI: Request has expired. Timestamp date is 2013-07-17T08:42:34Z (RequestExpired)';
    expect(outcome(failedTarget('a.b', clock))).toBe('3 AWS_CREDS_EXPIRED');
  });

  it('a key pair that the run has just made is not visible yet, one of the template is missing', () => {
    const error = (name: string) => `InvalidKeyPair.NotFound: The key pair '${name}' does not exist`;
    expect(outcome(failedTarget('amazon-ebs.base', error('ours')))).toBe('1 AWS_PARAM');
    expect(outcome(failedTarget('amazon-ebs.base', error('packer_5a076815-06e0-c52f-0890-27dfee4fb1c3')))).toBe('2 AWS_PARAM');
  });

  it("a guest that packer's own proxy keeps from Ansible is set up wrongly", () => {
    const unreachable = 'fatal: [default]: UNREACHABLE! => {"msg": "Failed to connect to the host via ssh."}';
    expect(outcome(exitOfScript('a.b', [unreachable]))).toBe('2 ANSIBLE_UNREACHABLE');
    expect(outcome(exitOfScript('a.b', ['centos is not a valid user', unreachable]))).toBe('1 ANSIBLE_UNREACHABLE');
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

  it('a plugin whose file broke off while it came may exist', () => {
    const error = 'could not get sha256 checksum file for github.com/hashicorp/googlecompute version 1.0.6.';
    const failing = (end: string) => [`1795380254,,ui,error,${encoded(`Failed getting the "github.com/x/y" plugin:\n* ${error} ${end}`)}`];
    expect(outcome(failing('GET https://github.com/x_SHA256SUMS: 404  []'))).toBe('1 PLUGIN_NOT_FOUND');
    expect(outcome(failing('Get "https://objects.githubusercontent.com/x": EOF'))).toBe('2 PLUGIN_NOT_FOUND');
  });

  it('what a script fetches from the guest itself depends on no network', () => {
    expect(outcome(exitOfScript('a.b', ['curl: (7) Failed to connect to example.com port 80: Connection refused']))).toBe('2 FETCH_FAILED');
    expect(outcome(exitOfScript('a.b', ['curl: (7) Failed to connect to localhost port 8200: Connection refused']))).toBe('1 FETCH_FAILED');
  });

  it('credentials that cannot be had from a service with a fault are there later', () => {
    const error = (status: number) =>
      `no valid credential sources found: failed to refresh cached credentials, operation error STS: AssumeRole, https response error StatusCode: ${status}, RequestID: x`;
    expect(outcome(failedTarget('a.b', error(400)))).toBe('3 AWS_NO_CREDS');
    expect(outcome(failedTarget('a.b', error(503)))).toBe('2 AWS_NO_CREDS');
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

  it('a copy that failed may come later, but not one under a key that the template names', () => {
    const error = 'Error waiting for AMI Copy: ResourceNotReady: failed waiting for successful resource state';
    const encrypting = (key: string) => `1795380253,,ui,say,==> a.b: Encrypting with KMS Key ID: ${key}`;
    expect(outcome(failedTarget('a.b', error, [encrypting('alias/images')]))).toBe('1 AWS_WAIT_FAILED');
    expect(outcome(failedTarget('a.b', error, [encrypting('')]))).toBe('2 AWS_WAIT_FAILED');
  });

  it('an upload that the guest refuses is refused again, one that broke off is not', () => {
    const upload = (why: string) =>
      outcome(failedTarget('docker.a', `Error uploading script: Upload failed with non-zero exit status: ${why}`));
    expect(upload('1')).toBe('1 UPLOAD_DENIED');
    expect(upload('255')).toBe('2 SSH_UPLOAD');
  });

  it('a proxy or a service that says only the words of a status is known by them', () => {
    const post = (words: string) => outcome(failedTarget('a.b', `Post "https://vcenter.example.com/sdk": ${words}`));
    expect(post('Forbidden')).toBe('3 ACCESS_REFUSED');
    expect(post('Bad Gateway')).toBe('2 HTTP_5XX');
    expect(post('Forbiddenly slow')).toBe('1 UNKNOWN');
    expect(outcome(failedTarget('a.b', 'error reading the metadata of the machine: NoPermission'))).toBe('3 VSPHERE_DENIED');
    expect(outcome(failedTarget('a.b', 'Error creating snapshot: the machine already has an active task'))).toBe('2 RESOURCE_BUSY');
    expect(outcome(failedTarget('a.b', 'Error creating snapshot: the machine already has an active disk'))).toBe('1 UNKNOWN');
  });

  it('Ansible that may not log in is refused again, one that lost the way is not', () => {
    const unreachable = (why: string) =>
      outcome(exitOfScript('a.b', [`fatal: [default]: UNREACHABLE! => {"changed": false, "msg": "${why}"}`]));
    expect(unreachable('Authentication or permission failure, did not have permissions on the remote directory')).toBe(
      '1 ANSIBLE_UNREACHABLE',
    );
    expect(unreachable('winrm connection error: Read timed out. (read timeout=30)')).toBe('2 ANSIBLE_UNREACHABLE');
    expect(
      unreachable('Failed to connect to the host via ssh: command-line line 0: keyword hostkeyalgorithms extra arguments at end of line'),
    ).toBe('1 ANSIBLE_UNREACHABLE');
    expect(unreachable('Failed to connect to the host via ssh: ~/.ssh/config: line 3: Bad configuration option: pubkeyaccepted')).toBe(
      '1 ANSIBLE_UNREACHABLE',
    );
  });

  it('a layer that docker sends again and again tells of the network, unless it arrives or the registry says why not', () => {
    const again = ['1a2b3c4d5e6f: Retrying in 2 seconds', '1a2b3c4d5e6f: Retrying in 1 second'];
    expect(outcome(exitOfScript('a.b', [...again, 'EOF']))).toBe('2 NET_RESET');
    expect(outcome(exitOfScript('a.b', [...again, '1a2b3c4d5e6f: Pushed', './release.sh: line 4: failed']))).toBe('1 SCRIPT_EXIT');
    expect(outcome(exitOfScript('a.b', [...again, 'denied: User is not authorized to perform: ecr:PutImage']))).toBe('1 SCRIPT_DENIED');
  });

  it('a repository that is gone stays gone, one that none of its mirrors served may be back', () => {
    const failed = "Error: Failed to download metadata for repo 'base': Cannot download repomd.xml: All mirrors were tried";
    const after = (said: string) => outcome(exitOfScript('a.b', [said, failed]));
    expect(after('  - Status code: 404 for https://mirror.example.com/8/repodata/repomd.xml')).toBe('1 DNF_MIRROR');
    expect(after('  - Status code: 503 for https://mirror.example.com/9/repodata/repomd.xml')).toBe('2 DNF_MIRROR');
  });

  it('the last task of Ansible that failed decides, known or not, and none that was ignored', () => {
    const task = (why: string) => `fatal: [default]: FAILED! => {"changed": false, "msg": "${why}"}`;
    const timedOut = task('Request failed: <urlopen error timed out>');
    const recap = 'default : ok=3 changed=1 unreachable=0 failed=1';
    expect(outcome(exitOfScript('a.b', [timedOut, recap]))).toBe('2 FETCH_FAILED');
    expect(outcome(exitOfScript('a.b', [timedOut, '...ignoring', 'TASK [web]', task('the port is not a number'), recap]))).toBe(
      '1 SCRIPT_EXIT',
    );
    expect(outcome(exitOfScript('a.b', [timedOut, 'TASK [web]', task('the port is not a number'), recap]))).toBe('1 SCRIPT_EXIT');
    expect(outcome(exitOfScript('a.b', [timedOut, 'TASK [web]', task('could not start'), '...ignoring', recap]))).toBe('2 FETCH_FAILED');
  });

  it('a text that a console broke where its line was full is read as one', () => {
    const broken = [
      'Exception calling "DownloadFile" with "2" argument(s): "The operation has timed',
      'out"',
      'At C:\\setup.ps1:33 char:9',
    ];
    expect(outcome(exitOfScript('a.b', broken))).toBe('2 NET_TIMEOUT');
    expect(outcome(exitOfScript('a.b', ['The operation has timed', 'out"']))).toBe('1 SCRIPT_EXIT');
  });

  it('a line of a script that PowerShell quotes, and what sudo and debconf always say, is no cause', () => {
    const lines = [
      'Get-Item : Cannot find path C:\\tools because it does not exist.',
      '+         throw "The operation has timed out"',
      'debconf: unable to initialize frontend: Dialog',
      'sudo: unable to resolve host build-7: Temporary failure in name resolution',
    ];
    expect(outcome(exitOfScript('a.b', lines))).toBe('1 SCRIPT_ERROR');
  });

  it('what a service of the guest itself answers depends on no network, what packer reaches by way of this machine does', () => {
    expect(outcome(exitOfScript('a.b', ['Get "http://127.0.0.1:8200/health": dial tcp 127.0.0.1:8200: connect: connection refused']))).toBe(
      '1 NET_RESET',
    );
    expect(outcome(failedTarget('a.b', 'dial tcp 127.0.0.1:3421: connect: connection refused'))).toBe('2 NET_RESET');
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
