import { type RuleRow } from './rules-row.ts';

/** An AWS endpoint whose region has not the form of one is mistyped. */
const mistypedRegion = /lookup (?:[a-z0-9-]+\.)(?![a-z]{2}(?:-[a-z]{2,5})?-[a-z]{4,10}-\d\.)[^.\s]{1,80}\.amazonaws\.com/;

/** The network and the machine: told by words that any program may use, so they come late. */
export const networkRules: readonly RuleRow[] = [
  {
    code: 'NET_TIMEOUT',
    class: 2,
    reads: 'any',
    pattern:
      /TLS handshake timeout|i\/o timeout|Client\.Timeout exceeded|request canceled while waiting|(?:operation|[Cc]onnection) timed out|context deadline exceeded|[Rr]ead timed out/,
    reason: 'a connection took too long',
    hint: 'If the retry fails too, check whether the host can be reached from the build at all.',
    evidence: 'packer-plugin-amazon#557; hashicorp/packer#6162, #6549, #565',
  },
  {
    code: 'DNS_TEMP',
    class: 2,
    reads: 'any',
    pattern: /server misbehaving|Temporary failure (?:in name resolution|resolving)|EAI_AGAIN/,
    reason: 'the name server did not answer',
    hint: 'If the retry fails too, check the name server of the network that builds.',
    evidence: 'smithy constants.ts:59',
  },
  {
    code: 'DNS_NXDOMAIN',
    class: 2,
    reads: 'any',
    pattern: /no such host|ENOTFOUND|Could not resolve host/,
    reason: 'a host name does not resolve',
    hint: 'If the retry fails too, the name is mistyped or only known in another network.',
    evidence: 'hashicorp/packer#8808; smithy constants.ts:59',
    turns: [
      {
        to: 1,
        when: ({ text }) => mistypedRegion.test(text),
        says: 'The region in the name of the endpoint is none: correct `region` in the template.',
      },
    ],
  },
  {
    code: 'NET_RESET',
    class: 2,
    reads: 'any',
    pattern:
      /[Cc]onnection reset|[Bb]roken pipe|[Cc]onnection refused|[Nn]o route to host|[Nn]etwork is unreachable|ECONNRESET|ETIMEDOUT|EPIPE|RequestError: send request failed|unreachable network/,
    reason: 'a connection was refused or broke off',
    hint: 'If the retry fails too, check whether the host can be reached from the build at all.',
    evidence: 'smithy constants.ts:54; hashicorp/packer#10137, #10055; the captures chaos-endpoint-refused, chaos-reset-maxretries1',
  },
  {
    code: 'DISK_FULL',
    class: 1,
    reads: 'any',
    pattern: /[Nn]o space left on device|TEMPDIR has enough space|There is not enough space on the disk/,
    reason: 'a disk is full, of the guest or of the machine that builds',
    hint: 'Enlarge the volume of the guest (`launch_block_device_mappings`, `disk_size`) or of the machine that builds.',
    evidence: 'sdk communicator/ssh/communicator.go:899',
  },
  {
    code: 'OOM',
    class: 1,
    reads: 'any',
    pattern: /signal: killed|OOMKilled|[Oo]ut of memory|Cannot allocate memory|exit(?:ed with non-zero exit)? status:? 137/,
    reason: 'something was killed or failed for want of memory',
    hint: 'Use a larger instance type or compute size, or let the script need less.',
    evidence: 'CodeBuild troubleshooting.md:236; the capture sigkill-child-mr',
  },
];

/** Errors that name credentials in no cloud's own words. */
export const credentialRules: readonly RuleRow[] = [
  {
    code: 'PROXY_AUTH',
    class: 3,
    reads: 'error',
    pattern: /Proxy Authentication Required/,
    reason: 'the proxy on the way out refuses the build',
    hint: 'Give the build the credentials of the proxy, or let it pass for the addresses that it needs; then release the builder.',
    evidence: 'HTTP status 407',
  },
  {
    code: 'CREDENTIALS_REFUSED',
    class: 3,
    reads: 'error',
    pattern:
      /\b401 Unauthorized\b|\b40[13] (?:authentication failure|[Pp]ermission check failed)|status(?: ?[Cc]ode)?[:= ]{1,3}401\b|[Ww]rong password|[Ii]nvalid (?:credentials|username or password|user ?name or password|API (?:key|token))|[Ii]ncorrect (?:username or )?password|[Aa]uthentication failed\b|[Ii]nvalid_client|HTTP(?:\/\d(?:\.\d)?)? 401\b|^\[401\]|\(unauthorized\)|invalid (?:api|API) token|Http Status Code: 401|\b(?:GET|POST|PUT|PATCH|DELETE) https?:\/\/[^\s]{1,300}: 401\b/,
    reason: 'a service refuses the credentials that packer was given',
    hint: 'Renew the secret that the builder names, and check what it may do; then release the builder.',
    evidence: 'HTTP status 401; Proxmox VE, HashiCorp Vault and data source plugins',
  },
];

/** They say only that something failed: asked last, and only after the lines before the failure. */
export const lastRules: readonly RuleRow[] = [
  {
    code: 'POST_PROCESSOR',
    class: 1,
    reads: 'error',
    pattern: /Post-processor failed:/,
    reason: 'a post-processor failed after the image was made',
    hint: 'The image may exist: look at the artifacts of the result and remove it, or finish by hand what the post-processor does.',
    evidence: 'packer/build.go:400,473; the capture postprocessor-fail-mr',
    unspecific: true,
  },
  {
    code: 'SCRIPT_EXIT',
    class: 1,
    reads: 'error',
    pattern: /(?:Script exited with non-zero exit status|script exited with non-zero exit status):? \d+/,
    reason: 'a script of the template failed',
    hint: 'Read the lines before it: the script, not packer, has the cause.',
    evidence: 'sdk shell/exit_code.go:39; the capture script-fail-mr',
    unspecific: true,
  },
  {
    code: 'PROVISIONER_EXIT',
    class: 1,
    reads: 'error',
    pattern:
      /Error executing (?:Ansible|Chef|Puppet|Inspec|Salt|Converge)|[Nn]on-zero exit (?:status|code)|Bad exit status|Process exited with status \d+/,
    reason: 'a provisioner failed',
    hint: 'Read the lines before it: the play, cookbook or command has the cause.',
    evidence: 'packer-plugin-ansible provisioner/ansible/provisioner.go; packer-plugin-docker driver',
    unspecific: true,
  },
  {
    code: 'TPL_DIAGNOSTIC',
    class: 1,
    reads: 'error',
    pattern: /^Error: [\s\S]*\n\s*on \S{1,300} line \d+/,
    reason: 'packer refuses a place in the template',
    hint: 'The message names the file and the line.',
    evidence: 'hcl/v2 diagnostic_text.go',
  },
];
