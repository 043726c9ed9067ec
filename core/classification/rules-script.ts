import { anyOf, httpStatus } from './http-status.ts';
import { guestItself } from './rules-network.ts';
import { type RuleRow } from './rules-row.ts';

/** What scripts print of a signature, a certificate or a right. No violation: any script can print it. */
export const scriptTrustRules: readonly RuleRow[] = [
  {
    code: 'SCRIPT_SIGNATURE',
    class: 1,
    reads: 'output',
    pattern:
      /NO_PUBKEY|signatures (?:couldn't be verified|were invalid)|GPG check FAILED|BAD signature from|is not signed\.$|DO NOT MATCH THE HASHES|\bEINTEGRITY\b|hashes do not match|[Cc]hecksum (?:verification|validation|check) failed|unauthenticated packages|[Ss]ignature verification failed|Checksum for '[^'\n]{1,300}' did not meet|(?:[Cc]hecksum|computed checksum|SHA\d{3} ?sum)s? (?:did NOT match|mismatch|does not match)/,
    reason: 'a step could not verify a signature or a checksum',
    hint: "Find out whether the repository changed its key or the file was replaced, before you trust the new one. A script's words alone quarantine nothing.",
    evidence: 'apt, dnf, gpg and coreutils text',
  },
  {
    code: 'SCRIPT_TLS',
    class: 1,
    reads: 'output',
    pattern:
      /SSL certificate problem|CERTIFICATE_VERIFY_FAILED|x509: certificate |curl: \((?:51|60|77)\)|unable to get local issuer certificate|self[- ]signed certificate|Could not create SSL\/TLS secure channel|certificate verification failed|certificate is not trusted/i,
    reason: 'a step did not trust a certificate',
    hint: 'Find out who answered, and install the authority in the image where it is yours. Do not switch the check off.',
    evidence: 'curl, OpenSSL, Python ssl and Go crypto/x509 text',
  },
  {
    code: 'SCRIPT_DENIED',
    class: 1,
    reads: 'output',
    pattern: anyOf(
      httpStatus('40[13]', 'Unauthorized|Forbidden'),
      /An error occurred \((?:AccessDenied\w*|UnauthorizedOperation|ExpiredToken\w*|InvalidClientTokenId|UnrecognizedClientException|AuthFailure)\)|Unable to locate credentials|unauthorized: authentication required|npm (?:ERR!|error) code E40[13]|Permission denied \(publickey|Host key verification failed|fatal: Authentication failed for|is not authorized to perform: |unauthorized: |denied: (?:requested access|[^\n]{0,200}not authorized)|ERROR: Please run 'az login'/,
    ),
    reason: 'a step was refused: its credentials or its rights do not do',
    hint: "Give the guest the role, key or token that the step needs. A script's words alone quarantine nothing.",
    evidence: 'botocore, OpenSSH, git and curl text',
  },
];

/** What scripts print of downloads and of their own faults. */
export const scriptRules: readonly RuleRow[] = [
  {
    code: 'FETCH_FAILED',
    class: 2,
    reads: 'output',
    pattern: anyOf(
      /curl: \((?:5|6|7|16|18|28|35|52|55|56|92)\)|exit code is not 0 - '(?:5|6|7|16|18|28|35|52|55|56|92)'|wget: (?:unable to resolve host|can't connect to)|^Giving up\.$|\berrorCode=(?:2|5|6|19|23)\b|urlopen error (?:timed out|\[Errno -?\d)/,
      /fatal: unable to access '[^'\n]{1,300}': (?:Could not resolve|Failed to connect|Recv failure|Send failure|Operation timed out|Empty reply|GnuTLS|OpenSSL SSL_|HTTP\/2)|fatal: unable to connect to |RPC failed; |early EOF|error sending request|error in socket IO/,
      /An error occurred \((?:5\d\d|Internal(?:Error|Failure|ServerError)|ServiceUnavailable|Unavailable|RequestTimeout\w{0,20}|InsufficientInstanceCapacity)\)|Could not connect to the endpoint URL: "https:\/\/[\w.-]{0,100}\.[a-z]{2}(?:-[a-z]{2,5})?-[a-z]{4,10}-\d\.amazonaws\.com/,
      /\b(?:xz|tar|bzip2|unzip|zstd): [^\n]{0,100}[Uu]nexpected end of (?:input|file)|gzip: stdin: unexpected end of file|Unexpected EOF in archive|^unexpected EOF$/,
      /Unable to connect to the remote server|underlying connection was closed: [^\n]{0,20}unexpected|net::ERR_(?:CONNECTION|TIMED_OUT|NAME_NOT_RESOLVED|INTERNET|NETWORK)|0x80072e(?:e2|e7|fd|fe|ff)\b|Could not connect to the feed|Unable to load the service index/,
      /failed to receive handshake|Unable to establish SSL connection|Timeout \(\d+s\) waiting for privilege escalation/,
    ),
    reason: 'a step could not fetch something over the network',
    hint: 'If the retry fails too, check the address and the way out of the guest; let the script retry.',
    evidence: 'curl, wget, git and PowerShell text',
    turns: [guestItself],
  },
  {
    code: 'ANSIBLE_UNREACHABLE',
    class: 2,
    reads: 'output',
    pattern: /\bUNREACHABLE! => /,
    reason: 'Ansible lost the connection to the guest',
    hint: 'If the retry fails too, check the SSH settings of the ansible provisioner.',
    evidence: 'ansible lib/ansible/plugins/callback/default.py',
    turns: [
      {
        to: 1,
        when: ({ step, text }) =>
          [...step, text].some((line) =>
            /is not a valid user$|^unauthorized key$|Unable to negotiate with |too many authentication failures|UNREACHABLE! => [^\n]{0,600}(?:[Pp]ermission|[Ii]nvalid\/incorrect|[Aa]uthentication failed|[Cc]redentials|host key)/.test(
              line,
            ),
          ),
        says: "Packer's own proxy and Ansible did not agree on a user or a key: set `user`, offer one key alone (`IdentitiesOnly`), remove `ansible_user` and the like from the inventory, or allow `ssh-rsa` in `ansible_ssh_extra_args`.",
      },
      {
        to: 1,
        when: ({ text }) =>
          /command-line(?: line \d{1,4})?: |[Bb]ad configuration option|Bad (?:SSH2? |protocol |local forwarding )|keyword \S{1,60} extra arguments|[Uu]nknown (?:option|cipher type|mac type|key type)|no argument after keyword/.test(
            text,
          ),
        says: 'The SSH client does not understand its own options: correct `ansible_ssh_extra_args`, `extra_arguments` or ansible.cfg, whose words differ between versions of OpenSSH.',
      },
    ],
  },
  {
    code: 'SCRIPT_FAULT',
    class: 1,
    reads: 'output',
    pattern:
      /unbound variable|[Ss]yntax error|SyntaxError:|E: Invalid operation |(?:unrecognized|invalid|illegal|unknown) option\b|A parameter cannot be found that matches|Missing closing '|ParserError|running scripts is disabled/,
    reason: 'a script is written wrongly',
    hint: 'The line names the place: mend the script.',
    evidence: 'bash, apt, PowerShell and Python text',
  },
  {
    code: 'SCRIPT_TEST',
    class: 1,
    reads: 'output',
    pattern:
      /(?:\bAssertionError\b|^(?:[\w.-]{1,60}: )?FAIL(?:ED)?: |(?<![=.\w])[1-9]\d{0,5} (?:(?:tests?|examples?|specs?|checks?) )?(?:failed|failures?)\b)(?![^\n]{0,300}(?:[Tt]ime|[Cc]onnect|[Rr]esol|\b5\d\d\b))/,
    reason: 'a test of the image did not hold',
    hint: 'The lines before it say what was expected: mend the image, or the test.',
    evidence: 'goss, InSpec, pytest, RSpec and Go text',
  },
  {
    code: 'SCRIPT_ERROR',
    class: 1,
    reads: 'output',
    pattern:
      /: command not found\b|: not found$|executable file not found in|is not recognized as (?:an internal|the name of a cmdlet)|No such file or directory|: Permission denied$|because it does not exist\.|exec format error|Traceback \(most recent call last\)|requires superuser privilege|[Aa]re you root\?|ModuleNotFoundError:|the role '[^'\n]{1,200}' was not found|couldn't resolve module/,
    reason: 'a script has a fault of its own',
    hint: 'The line names what is missing or wrong: mend the script.',
    evidence: 'bash, PowerShell, Python and ansible text',
    consequence: true,
  },
];
