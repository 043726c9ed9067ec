import { describe, expect, it } from 'vitest';

import { classifyLog } from '../../../core/classification/classify.ts';
import { exitOfScript, failed, failedTarget, succeeded, unknownEnd } from './logs.ts';

/*
 * Messages of many tools, with the class that the cause has. They hold the table to whole families of failures: a rule that is
 * drawn more narrowly or more widely shows here.
 */

/** What packer says at the end of a target, whoever it quotes. */
const errors: Readonly<Record<1 | 2 | 3, readonly string[]>> = {
  1: [
    'Error: Failed to parse template: EOF',
    'open scripts/a.sh: no such file or directory',
    'remove /var/lib/image: permission denied',
    'Upload failed: open files/motd: permission denied',
    'Volume size 8 is too small',
    'VMName already exists',
    'Unsupported: Your requested instance type (t2.micro) is not supported in your requested Availability Zone',
    'InvalidSubnetID.NotFound',
    'No default VPC for this user',
    "quota exceeded: Quota 'CPUS' exceeded. Limit: 24.0",
    'Qemu failed to start. Please run with PACKER_LOG=1',
    'Process exited with status 1: Object reference not set',
    'unable to find AMI: No AMI was found matching filters',
    'ssh: unable to authenticate, attempted methods [none publickey], no supported methods remain',
    'VcpuLimitExceeded: You have requested more vCPU capacity than your current vCPU limit',
    'The attempted operation cannot be performed in the current state (Powered off).',
    'Failed to read var file x.pkrvars.hcl: EOF',
    'Error reading user data: yaml: EOF',
    'remove files/motd: no such file or directory',
    'Upload failed: remove out/x.box: no such file or directory',
    'A disk named x is still in use by another image',
    'PBM error occurred during PreCreateCheckCallback: The storage policy is not compatible',
    'Failed to create the VirtualBox object! VBoxSVC: permission denied',
    'Waiting for image base-x: not found timed out',
    'open /etc/vault/x.hcl: permission denied',
    'error writing output/x: insufficient permissions',
    'The storage account name x is disabled',
    'Service account key creation is disabled',
    'Error uploading: Failed to sudo: account root is locked',
    'ssh: handshake failed: knownhosts: key is unknown',
    'Login failure for the guest user packer',
    'WinRM: authentication failure',
    'Error running script: exit status 1: Login failed',
    'Failed to run InSpec: exit status 1: Invalid token',
    'Script exited with non-zero exit status: 1. signature is invalid',
    'Error running "ansible-playbook": exit status 2: Host key verification failed',
  ],
  2: [
    'Error getting source AMI: Unavailable: The server is overloaded and cannot handle the request.',
    'error waiting for image to be created: operation timed out after 60m',
    'polling failed: the Azure Resource Manager returned http status 500',
    'Code="GatewayTimeout" Message="The gateway did not receive a response"',
    'Code="ServerTimeout" Message="The operation could not be completed within the permitted time."',
    'Code="OperationNotAllowed" Message="Another operation is in progress"',
    'googleapi: Error 409: The resource is not ready, resourceNotReady',
    'retrieving packages: EOF',
    'Failed to send shutdown command: EOF',
    'wait remote command: ssh: remote command exited without exit status or exit signal',
    'websocket: close 1006 (abnormal closure): unexpected EOF',
    'Could not connect to the VNC server',
    'Waiting for instance to become ready timed out',
    'Volume vol-1 is still in use',
    'the vmx process is already running',
    'Error starting VM: VBoxManage error: The object is not ready',
    'Error unregistering VM: VBoxManage error: Cannot unregister the machine while it is locked',
    'ServerFaultCode: A general system error occurred: Connection refused',
    'A general system error occurred: PBM error occurred during PreCreateCheckCallback: No connection could be made',
    'host is not responding',
    'the virtual machine has a question pending',
    'hcloud: error during placement (resource_unavailable)',
    'Error creating volume: Bad Gateway',
    'openstack: Gateway Timeout',
    'unable to reach the HCP Packer registry: 503',
    'GET https://api.github.com/repos/x/tags: 502',
    'GET https://api.example.com/images: 429',
    'net/http: request canceled (Client.Timeout exceeded)',
    'unlinkat output-qemu: directory not empty',
  ],
  3: [
    'Auth failed. Bad credentials.',
    'Unable to log in: bad password',
    'fault: InvalidLogin',
    'Invalid login: 535',
    'linode: [401] Invalid Token',
    'HCP: invalid client credentials',
    'The provided token is expired',
    'invalid apikey',
    'Code="KeyVaultAccessForbidden"',
    'Error making API request. URL: GET https://vault.example.com/v1/secret Code: 403. Errors: * permission denied',
    'NotAuthorizedOrNotFound',
    "missing permission on 'projects/images'",
    'the user lacks permission to create images',
    'this requires one of the following permissions: compute.images.create',
    'Constraint constraints/compute.vmExternalIpAccess violated for project 1',
    'checksum mismatch: expected sha256:abc got sha256:def',
    'ssh: handshake failed: knownhosts: key mismatch',
    'openpgp: signature made by unknown entity',
    'SSL: no alternative certificate subject name matches target host name',
    'Your account has been suspended',
    'The billing account for the owning project is disabled in state absent',
  ],
};

/** What a script prints last before it fails. */
const printed: Readonly<Record<1 | 2, readonly string[]>> = {
  1: [
    'E: Unable to locate package foo',
    'curl: (22) The requested URL returned error: 404 Not Found',
    "Either HTTP response code for 'https://example.com/tool.deb' is wrong - '404' or exit code is not 0 - '0'. 0 attempts left",
    'GPG signature verification failed for /usr/local/rvm/archives/rvm-1.27.0.tgz',
    'Checksum verification failed: expected ABC, got DEF',
    'Could not connect to the endpoint URL: "https://s3.us-east-1a.amazonaws.com/images"',
    'bash: foo: command not found',
    'E: Version 1.2 for x was not found',
    'ERROR: No matching distribution found for x==9',
    'write /var/cache/x: No space left on device',
    'yaml: EOF',
    'error loading config.yaml: EOF',
    'failed to read password: EOF',
    'SyntaxError: Unexpected end of input',
    'parse error: unexpected end of input at line 3',
    'An error occurred (ValidationError) when calling the X operation (reached max retries: 0): bad',
    './wait-for-db.sh: timed out waiting for db on localhost:5432',
    'Error: request canceled: user declined license',
    'ERROR: Max retries exceeded: service app is not healthy',
    'Could not reach host localhost:8080',
    'could not connect to registry localhost:5000',
    "choco: Unable to connect to source 'C:\\missing'",
  ],
  2: [
    'dpkg: error: dpkg frontend lock was locked by another process with pid 26086',
    'dpkg: error: dpkg status database is locked by another process',
    '"msg": "Failed to lock apt for exclusive operation"',
    'Another app is currently holding the yum lock; waiting for it to exit...',
    'Another installation is already in progress',
    'E: Release file for http://archive.example.com/dists/x/InRelease is not valid yet (invalid for another 2h)',
    'E: Failed to fetch http://archive.example.com/x.deb  Undetermined Error [IP: 192.0.2.1 80]',
    'ERROR: HTTPSConnectionPool(host=files.pythonhosted.org): Max retries exceeded',
    'npm ERR! network timeout at: https://registry.npmjs.org/x',
    'gpg: keyserver timed out',
    'Could not reach host index.rubygems.org. Check your network connection and try again.',
    'Failed to query available provider packages: could not connect to registry.terraform.io',
    'WARNING: Unable to download the list of available providers. Check your internet connection.',
    'choco: Unable to connect to source https://community.chocolatey.org/api/v2/',
    'The remote server returned an error: (429) Too Many Requests. Too Many Requests',
    'operation has timed out"',
    "Either HTTP response code for 'https://example.com/tool.tar.bz2' is wrong - '000' or exit code is not 0 - '35'. 0 attempts left",
    'API rate limit exceeded for 192.0.2.1.',
    'You have exceeded a secondary rate limit',
    'Error response from daemon: toomanyrequests: You have reached your pull rate limit',
    'Could not connect to the endpoint URL: "https://s3.us-east-1.amazonaws.com/images"',
    'Read timeout on endpoint URL: "https://sts.eu-central-1.amazonaws.com/"',
    'An error occurred (503) when calling the HeadObject operation (reached max retries: 4): Service Unavailable',
    'Unable to perform refresh: Remote server error. HTTP error (503)',
    '[SSL: UNEXPECTED_EOF_WHILE_READING] EOF occurred in violation of protocol',
    'error: failed to download from `https://crates.io`: Operation timed out',
    'subscription-manager: Unable to verify server identity: timed out',
    'snap error: cannot install "x": Post https://api.snapcraft.io: net/http: request canceled',
    'net::ERR_CONNECTION_RESET',
    'error 0x80072ee2',
    'Windows Update: 0x8024402c',
    'rsync error: error in socket IO (code 10)',
    'schannel: failed to receive handshake',
    'xz: (stdin): Unexpected end of input',
  ],
};

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
