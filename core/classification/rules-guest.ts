import { type RuleRow, type TurnContext } from './rules-row.ts';

/** Builders that install a guest of their own, where nobody answers before the installer is done. */
const installer = /(?:^|\.)(?:qemu|proxmox|virtualbox|vmware|vsphere|hyperv|parallels|xenserver)(?:-[a-z0-9]+)*(?:\.|$)/;

function notFoundPackages({ step }: TurnContext): number {
  const names = step.map((line) =>
    /Unable to locate package (\S{1,100})|Package '([^'\n]{1,100})' has no installation candidate|No match for argument: (\S{1,100})/.exec(
      line,
    ),
  );
  return new Set(names.flatMap((match) => match?.slice(1).filter((name) => name !== undefined) ?? [])).size;
}

/** The guest: reaching it, shutting it down, downloads for it. */
export const guestRules: readonly RuleRow[] = [
  {
    code: 'GUEST_SHUTDOWN',
    class: 1,
    reads: 'any',
    pattern: /[Tt]imeout while waiting for machine to shut ?down/,
    reason: 'the guest did not shut down in time',
    hint: 'Check `shutdown_command` (does it need sudo?), and raise `shutdown_timeout` where the guest is just slow.',
    evidence: 'packer-plugin-qemu step_shutdown.go:80; packer-plugin-vsphere driver/vm.go:903',
  },
  {
    code: 'HYPERVISOR_CONNECT',
    class: 2,
    reads: 'any',
    pattern: /VMware error: Error: Cannot connect to the virtual machine/,
    reason: 'the hypervisor could not reach its own machine',
    hint: 'If the retry fails too, restart the services of the hypervisor.',
    evidence: 'vmrun of VMware Workstation and Fusion',
  },
  {
    code: 'SSH_AUTH',
    class: 1,
    reads: 'any',
    pattern: /authentication error when trying to connect via SSH|ssh: unable to authenticate/,
    reason: 'the guest answers, but refuses the user or the key',
    hint: 'Correct `ssh_username` for this image, or the key or password.',
    evidence: 'packer-plugin-sdk communicator/step_connect_ssh.go:230-237; hashicorp/packer#788',
  },
  {
    code: 'WINRM_AUTH',
    class: 1,
    reads: 'any',
    pattern: /http response error: 401 - invalid content type/,
    reason: 'WinRM answers, but refuses the user or the password',
    hint: 'Correct `winrm_username` and the password, and let user data allow basic or NTLM authentication.',
    evidence: 'masterzen/winrm http.go',
  },
  {
    code: 'COMM_TIMEOUT',
    class: 2,
    reads: 'any',
    pattern: /Timeout waiting for (?:SSH|WinRM|password)\./,
    reason: 'the guest was not reached in time: a slow start, or a closed way',
    hint: 'If the retry fails too, check security group, route, public address, user data and `ssh_timeout`.',
    evidence:
      'communicator/step_connect_ssh.go:75, step_connect_winrm.go:77; step_get_password.go:80; hashicorp/packer#10992, #7532; the capture ssh-timeout-mr',
    turns: [
      {
        to: 1,
        when: ({ target }) => target !== null && installer.test(target),
        says: 'This builder installs its guest: when nobody answers for the whole time limit, the boot command, the preseed or the user in it is wrong.',
      },
    ],
  },
  {
    code: 'SSH_HANDSHAKE',
    class: 2,
    reads: 'any',
    pattern: /ssh: handshake failed: (?:EOF|read|ssh: overflow)|Timeout during SSH handshake/,
    reason: 'the connection broke while SSH shook hands',
    hint: 'If the retry fails too, look at the SSH server of the source image.',
    evidence: 'packer-plugin-sdk sdk-internals/communicator/ssh/communicator.go:34; hashicorp/packer#130',
  },
  {
    code: 'SSH_DISCONNECT',
    class: 2,
    reads: 'any',
    pattern: /Script disconnected unexpectedly/,
    reason: 'the connection broke while a script ran: the network, memory, or a reboot',
    hint: 'If the retry fails too, see what the script did last; a reboot needs `expect_disconnect = true`.',
    evidence: 'provisioner/shell/provisioner.go:360; hashicorp/packer#7323, #5646',
    turns: [
      {
        to: 1,
        when: ({ step }) => step.slice(-10).some((line) => /\breboot(?:ing)?\b|\bshutdown\b|system is going down/i.test(line)),
        says: 'The script rebooted the guest without saying so: set `expect_disconnect = true` and pause before the next step.',
      },
    ],
  },
  {
    code: 'SCP_MISSING',
    class: 1,
    reads: 'any',
    pattern: /SCP failed to start/,
    reason: 'the guest has no scp',
    hint: 'Install an SSH client in the source image, or set `ssh_file_transfer_method = "sftp"`.',
    evidence: 'packer-plugin-sdk sdk-internals/communicator/ssh/communicator.go',
  },
  {
    code: 'UPLOAD_DENIED',
    class: 1,
    reads: 'error',
    pattern: /Upload failed: [^\n]{0,300}(?:[Pp]ermission denied|exited with status 1)/,
    reason: 'the user of the guest may not write where a file is to go',
    hint: 'Upload to /tmp first and move the file with sudo in a script.',
    evidence: 'packer docs, provisioner file',
  },
  {
    code: 'SSH_UPLOAD',
    class: 2,
    reads: 'any',
    pattern: /Error uploading (?:script|envVarFile)|Error chmodding script|Disconnect while removing temporary script|sftpSession error/,
    reason: 'the connection broke while a script was uploaded',
    hint: 'If the retry fails too, check free space and rights of /tmp in the guest.',
    evidence: 'provisioner/shell/provisioner.go:274,335,411; actions/runner-images#6073',
  },
  {
    code: 'PROV_TIMEOUT',
    class: 2,
    reads: 'any',
    pattern: /Timeout waiting for machine to restart|Restart script exited with non-zero|Cancelling provisioner after a timeout/,
    reason: 'a provisioner took longer than it may',
    hint: 'If the retry fails too, find what it waited for, and raise its `timeout` only then.',
    evidence: 'provisioner/windows-restart/provisioner.go:128,199; packer/provisioner_timeout.go:37',
  },
  {
    code: 'DOWNLOAD_5XX',
    class: 2,
    reads: 'any',
    pattern: /bad response code: (?:429|5\d\d)/,
    reason: 'the server of a download had a fault',
    hint: 'If the retry fails too, name a mirror in `iso_urls`.',
    evidence: 'mrlesmithjr/packer-builder#34 for the form',
  },
  {
    code: 'DOWNLOAD_4XX',
    class: 1,
    reads: 'any',
    pattern: /bad response code: 4\d\d/,
    reason: 'the address of a download is gone or closed',
    hint: 'Correct `iso_url`: old releases move to an archive.',
    evidence: 'mrlesmithjr/packer-builder#34; sdk multistep/commonsteps/step_download.go:162',
  },
  {
    code: 'DOWNLOAD_CUT',
    class: 2,
    reads: 'any',
    pattern: /(?:[Ee]rror downloading|Download failed)[^\n]{0,500}unexpected EOF/,
    reason: 'a download broke off',
    hint: 'If the retry fails too, name a nearer mirror in `iso_urls`.',
    evidence: 'sdk multistep/commonsteps/step_download.go:162; Go io.ErrUnexpectedEOF',
  },
  {
    code: 'FILE_MISSING',
    class: 1,
    reads: 'error',
    pattern:
      /\b(?:open|stat|lstat|CreateFile) [^\n]{0,400}(?:no such file or directory|cannot find the (?:file|path) specified|can not find the path specified)/,
    reason: 'a file that the template names is not there',
    hint: 'Correct the path: packer runs in the root of the repository.',
    evidence: 'Go io/fs PathError',
  },
];

/** What package managers and scripts print, for the lines before a script's exit. */
export const scriptRules: readonly RuleRow[] = [
  {
    code: 'SCRIPT_SIGNATURE',
    class: 1,
    reads: 'output',
    pattern:
      /NO_PUBKEY|signatures (?:couldn't be verified|were invalid)|GPG check FAILED|BAD signature from|is not signed\.$|DO NOT MATCH THE HASHES|\bEINTEGRITY\b|hashes do not match|Checksum for '[^'\n]{1,300}' did not meet|(?:[Cc]hecksum|computed checksum|SHA\d{3} ?sum)s? (?:did NOT match|mismatch|does not match)/,
    reason: 'a step could not verify a signature or a checksum',
    hint: "Find out whether the repository changed its key or the file was replaced, before you trust the new one. A script's words alone quarantine nothing.",
    evidence: 'apt, dnf, gpg and coreutils text',
  },
  {
    code: 'SCRIPT_TLS',
    class: 1,
    reads: 'output',
    pattern:
      /SSL certificate problem|CERTIFICATE_VERIFY_FAILED|x509: certificate |curl: \((?:51|60|77)\)|unable to get local issuer certificate|self[- ]signed certificate|Could not create SSL\/TLS secure channel/i,
    reason: 'a step did not trust a certificate',
    hint: 'Find out who answered, and install the authority in the image where it is yours. Do not switch the check off.',
    evidence: 'curl, OpenSSL, Python ssl and Go crypto/x509 text',
  },
  {
    code: 'SCRIPT_DENIED',
    class: 1,
    reads: 'output',
    pattern:
      /An error occurred \((?:AccessDenied\w*|UnauthorizedOperation|ExpiredToken\w*|InvalidClientTokenId|UnrecognizedClientException|AuthFailure|40[13])\)|Unable to locate credentials|unauthorized: authentication required|npm (?:ERR!|error) code E40[13]|Permission denied \(publickey|Host key verification failed|fatal: Authentication failed for|The requested URL returned error: 40[13]|HTTP (?:Error )?40[13]\b/,
    reason: 'a step was refused: its credentials or its rights do not do',
    hint: "Give the guest the role, key or token that the step needs. A script's words alone quarantine nothing.",
    evidence: 'botocore, OpenSSH, git and curl text',
  },
  {
    code: 'APT_MIRROR',
    class: 2,
    reads: 'any',
    pattern:
      /Hash Sum mismatch|Mirror sync in progress|E: Unable to fetch some archives|E: Failed to fetch [^\n]*(?: 5\d\d |[Cc]onnection|[Cc]ould not connect|timed out)|Some index files failed to download|InRelease is not valid yet|Failed to update apt cache|package cache file is corrupted/,
    reason: 'an apt mirror is in flux or cannot be reached',
    hint: 'If the retry fails too, use another mirror, or `apt-get -o Acquire::Retries=3`.',
    evidence: 'puphpet#2401; Varying-Vagrant-Vagrants/VVV#2208; clong/DetectionLab#237',
  },
  {
    code: 'APT_LOCK',
    class: 2,
    reads: 'any',
    pattern:
      /Could not get lock \/var\/lib\/(?:dpkg|apt)|Unable to acquire the dpkg frontend lock|Unable to lock directory \/var\/lib\/apt/,
    reason: 'another process in the guest was installing packages',
    hint: 'Let the script wait with `cloud-init status --wait` or `apt-get -o DPkg::Lock::Timeout=300`.',
    evidence: 'apt text; the race with cloud-init and unattended-upgrades',
  },
  {
    code: 'DNF_MIRROR',
    class: 2,
    reads: 'any',
    pattern:
      /Failed to download metadata for repo|[Aa]ll mirrors were (?:already )?tried|Curl error \((?:6|7|16|18|28|35|52|56)\)|Cannot find a valid baseurl for repo|Could not retrieve mirrorlist|Failed to synchronize cache for repo|No more mirrors to try/,
    reason: 'a dnf or yum mirror cannot be reached',
    hint: 'If the retry fails too, check the way out of the guest; the mirrors of a release at its end of life move to an archive.',
    evidence: 'syslog-ng#3882; googleapis/google-cloud-cpp#9448; MeshLib#6003; yum text',
  },
  {
    code: 'DNF_LOCK',
    class: 2,
    reads: 'output',
    pattern:
      /Existing lock \/var\/run\/(?:yum|dnf)\.pid|can't create transaction lock on \/var\/lib\/rpm|Failed to obtain the transaction lock/,
    reason: 'another process in the guest was installing packages',
    hint: 'Let the script wait for cloud-init before it installs packages.',
    evidence: 'yum, dnf and rpm text',
  },
  {
    code: 'PKG_NOT_FOUND',
    class: 1,
    reads: 'output',
    pattern: /E: Unable to locate package|has no installation candidate|No match for argument/,
    reason: 'a package is not in the index',
    hint: 'Correct its name, or add the repository that has it.',
    evidence: 'clong/DetectionLab#237 (follows a failed update)',
    turns: [
      {
        to: 2,
        when: (context) =>
          notFoundPackages(context) > 1 ||
          context.step.some((line) => /Failed to fetch|Some index files failed|Failed to download metadata/.test(line)),
        says: 'Several packages are missing at once, or the index failed to load just before: the index was incomplete, not the name wrong. If the retry fails too, see whether `apt-get update` or its like fails.',
      },
    ],
  },
  {
    code: 'FETCH_GONE',
    class: 1,
    reads: 'output',
    pattern:
      /returned error: 40[04]\b|ERROR 40[04]: |HTTP Error 40[04]\b|returned an error: \(40[04]\)|npm (?:ERR!|error) code E404|An error occurred \(404\)/,
    reason: 'what a step fetches is not there',
    hint: 'Correct the address, name or version in the script: old releases move to an archive.',
    evidence: 'curl, wget, Python, npm and PowerShell text',
  },
  {
    code: 'PKG_CONFLICT',
    class: 1,
    reads: 'output',
    pattern:
      /unmet dependencies|held broken packages|\bERESOLVE\b|No matching distribution found|Unable to find a match: |externally-managed-environment|Could not find a valid gem/,
    reason: 'packages do not fit together, or there is none of that version',
    hint: 'Correct the names and versions that the script asks for.',
    evidence: 'apt, npm, pip, dnf and gem text',
    consequence: true,
  },
  {
    code: 'PKG_INDEX',
    class: 2,
    reads: 'output',
    pattern:
      /npm (?:ERR!|error) (?:code )?(?:ECONNRESET|ETIMEDOUT|EAI_AGAIN|ENOTFOUND|ERR_SOCKET_TIMEOUT|E5\d\d)|ReadTimeoutError|Connection broken: |Could not fetch URL|Max retries exceeded with url|error: unable to contact snap store|temporary error \(try again later\)|keyserver receive failed|No match was found for the specified search criteria for the provider|Unable to resolve package source|HRESULT:? 0x8024|Gem::RemoteFetcher::FetchError|Could not transfer artifact [^\n]{0,300}(?:timed out|reset|50\d)/,
    reason: 'a package index or key server did not answer',
    hint: 'If the retry fails too, check the way out of the guest, or use a mirror of your own.',
    evidence: 'npm, pip, snap, apk, gpg, gem and maven text',
  },
  {
    code: 'FETCH_FAILED',
    class: 2,
    reads: 'output',
    pattern:
      /curl: \((?:5|6|7|16|18|28|35|52|55|56|92)\)|The requested URL returned error: (?:429|5\d\d)|wget: unable to resolve host|ERROR 5\d\d: |fatal: unable to access '[^'\n]{1,300}': (?:Could not resolve|Failed to connect|Recv failure|Operation timed out|The requested URL returned error: 5)|RPC failed; |early EOF|connection was closed|connection closed before|error sending request|HTTP(?: Error|\/\d(?:\.\d)?) (?:429|50[0234])\b|\b50[234] (?:Service Unavailable|Bad Gateway|Gateway Time-?out)|returned an error: \((?:429|50[0234])\)|http response code \(?(?:429|50[0234])|Status code: (?:429|50[0234])\b|gzip: stdin: unexpected end of file|Unexpected EOF in archive|The remote name could not be resolved|Unable to connect to the remote server|The operation has timed out/,
    reason: 'a step could not fetch something over the network',
    hint: 'If the retry fails too, check the address and the way out of the guest; let the script retry.',
    evidence: 'curl, wget, git and PowerShell text',
  },
  {
    code: 'ANSIBLE_UNREACHABLE',
    class: 2,
    reads: 'output',
    pattern: /\bUNREACHABLE! => /,
    reason: 'Ansible lost the connection to the guest',
    hint: 'If the retry fails too, check the SSH settings of the ansible provisioner.',
    evidence: 'ansible lib/ansible/plugins/callback/default.py',
  },
  {
    code: 'SCRIPT_ERROR',
    class: 1,
    reads: 'output',
    pattern:
      /: command not found\b|: not found$|executable file not found in|is not recognized as (?:an internal|the name of a cmdlet)|No such file or directory|unbound variable|[Ss]yntax error|SyntaxError:|: Permission denied$|A parameter cannot be found that matches|running scripts is disabled|because it does not exist\.|exec format error|Traceback \(most recent call last\)|requires superuser privilege|[Aa]re you root\?|ModuleNotFoundError:|the role '[^'\n]{1,200}' was not found|couldn't resolve module/,
    reason: 'a script has a fault of its own',
    hint: 'The line names what is missing or wrong: mend the script.',
    evidence: 'bash, PowerShell, Python and ansible text',
    consequence: true,
  },
];
