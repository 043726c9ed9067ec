import { type Samples } from './samples.ts';

/** The rows about the guest, package managers and scripts. */
export const guestSamples: Samples = {
  GUEST_SHUTDOWN: { taken: 'Timeout while waiting for machine to shut down.', left: 'waiting for machine to shut down' },
  HYPERVISOR_CONNECT: {
    taken: 'Error stopping VM: VMware error: Error: Cannot connect to the virtual machine',
    left: 'VMware error: Error: The file is in use',
  },
  SSH_AUTH: { taken: 'Packer experienced an authentication error when trying to connect via SSH.', left: 'ssh: authenticated' },
  WINRM_AUTH: { taken: 'http response error: 401 - invalid content type', left: 'http response error: 500 - invalid content type' },
  COMM_TIMEOUT: { taken: 'Timeout waiting for SSH.', left: 'Timeout waiting for a bus' },
  SSH_HANDSHAKE: { taken: 'ssh: handshake failed: EOF', left: 'ssh: handshake done' },
  SSH_DISCONNECT: {
    taken: 'Script disconnected unexpectedly. If you expected your script to disconnect, i.e. from a restart, you can try adding',
    left: 'Script disconnected as expected',
  },
  SCP_MISSING: {
    taken: 'Error uploading script: SCP failed to start. This usually means that SCP is not properly installed',
    left: 'Error uploading script: EOF',
  },
  UPLOAD_DENIED: { taken: 'Upload failed: scp: /etc/motd: Permission denied', left: 'Upload failed: EOF' },
  SSH_UPLOAD: { taken: 'Error uploading script: Error copying input data into local temporary file.', left: 'Uploading script' },
  PROV_TIMEOUT: { taken: 'Timeout waiting for machine to restart.', left: 'waiting for machine to restart' },
  DOWNLOAD_5XX: { taken: 'error downloading ISO: [bad response code: 503]', left: 'bad response code: 302' },
  DOWNLOAD_4XX: { taken: 'error downloading ISO: [bad response code: 404]', left: 'bad response code: 500' },
  DOWNLOAD_CUT: { taken: 'error downloading ISO: [unexpected EOF]', left: 'error downloading ISO: [expected EOF]' },
  FILE_MISSING: { taken: 'open scripts/base.sh: no such file or directory', left: 'open sesame: permission denied' },
  SCRIPT_SIGNATURE: { taken: 'W: GPG error: NO_PUBKEY A4E9', left: 'gpg: the key is listed, its trust was never set' },
  SCRIPT_TLS: {
    taken: 'curl: (60) SSL certificate problem: certificate has expired',
    left: 'curl: (61) Unrecognized content encoding type',
  },
  SCRIPT_DENIED: {
    taken: 'An error occurred (AccessDenied) when calling the GetObject operation: Access Denied',
    left: 'a policy of the host denied the start of a service',
  },
  FETCH_FAILED: { taken: 'curl: (56) Recv failure: Connection reset by peer', left: 'curl: (23) Failed writing body' },
  ANSIBLE_UNREACHABLE: {
    taken: 'fatal: [default]: UNREACHABLE! => {"changed": false}',
    left: 'default : ok=3 changed=1 unreachable=0 failed=1',
  },
  SCRIPT_ERROR: { taken: '/tmp/script_1.sh: line 3: nginx-ctl: command not found', left: 'the command was found' },
  FETCH_GONE: {
    taken: 'curl: (22) The requested URL returned error: 404 Not Found',
    left: 'curl: (22) The requested URL returned error: 502',
  },
  APT_MIRROR: {
    taken: 'E: Failed to fetch http://ppa.launchpad.net/x.deb  Hash Sum mismatch',
    left: 'E: Failed to fetch http://x/x.deb  404  Not Found',
  },
  APT_LOCK: {
    taken: 'E: Could not get lock /var/lib/dpkg/lock-frontend - open (11: Resource temporarily unavailable)',
    left: 'Could not get lock /tmp/mine',
  },
  DNF_MIRROR: {
    taken: "Error: Failed to download metadata for repo 'epel': Cannot prepare internal mirrorlist: Status code: 503",
    left: 'Curl error (22): The requested URL returned error',
  },
  DNF_LOCK: { taken: 'Existing lock /var/run/yum.pid: another copy is running as pid 41.', left: 'yum lock released' },
  PKG_NOT_FOUND: { taken: 'E: Unable to locate package ngnix', left: 'Package nginx is already the newest version' },
  PKG_CONFLICT: { taken: 'E: Unable to correct problems, you have held broken packages.', left: 'E: Broken pipe' },
  PKG_INDEX: { taken: 'npm ERR! code ECONNRESET', left: 'npm ERR! code ELIFECYCLE' },
  SCRIPT_FAULT: { taken: '/tmp/script_1.sh: line 9: VERSION: unbound variable', left: 'all variables are bound' },
  SCRIPT_TEST: { taken: 'Test Summary: 1 successful, 3 failures, 0 skipped', left: 'default : ok=4 changed=0 unreachable=1 failed=0' },
  GUEST_GOING_DOWN: {
    taken: 'Windows update script exited with non-zero exit status: 2147943515',
    left: 'Windows update script exited with non-zero exit status: 5',
  },
};
