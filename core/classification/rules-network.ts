import { anyOf } from './http-status.ts';
import { type RuleRow, type Turn } from './rules-row.ts';

/** An AWS endpoint whose region has not the form of one is mistyped. */
const mistypedRegion = /lookup (?:[a-z0-9-]+\.)(?![a-z]{2}(?:-[a-z]{2,5})?-[a-z]{4,10}-\d\.)[^.\s]{1,80}\.amazonaws\.com/;

/** Packer itself reaches guests by way of the machine that builds, so this is said of scripts alone. */
export const guestItself: Turn = {
  to: 1,
  when: ({ text, source }) => source === 'output' && /\blocalhost\b|\b127\.0\.0\.1\b|\[::1\]/.test(text),
  says: 'What does not answer is the guest itself: a service that the script starts or waits for does not run.',
};

/** The network and the machine: told by words that any program may use, so they come late. */
export const networkRules: readonly RuleRow[] = [
  {
    code: 'NET_TIMEOUT',
    class: 2,
    reads: 'any',
    pattern: anyOf(
      /TLS handshake timeout|i\/o timeout|Client\.Timeout exceeded|request canceled (?:while waiting|\()|net\/http: request canceled|context deadline exceeded|timeout awaiting response headers|http2: timeout/,
      /(?:[Oo]peration|[Cc]onnect(?:ion)?|[Dd]ownload|[Rr]equest|[Rr]ead|[Hh]andshake|[Nn]etwork|[Tt]ransfer) (?:has )?timed?[ -]?out\b|[Cc]onnection to [^\n]{1,200} timed out|verify server identity: timed out/,
      /A connection attempt failed because|[Oo]peration too slow|E(?:SOCKET)?TIMEDOUT|(?:Socket|Read|Connect|Open)Timeout(?!=| \d)|Timeout (?:was reached|exceeded when accessing)|(?:Connect|Read) timeout on endpoint|error <timed out>|HttpClient\.Timeout of|execution expired/,
    ),
    reason: 'a connection took too long',
    hint: 'If the retry fails too, check whether the host can be reached from the build at all.',
    evidence: 'packer-plugin-amazon#557; hashicorp/packer#6162, #6549, #565',
    turns: [guestItself],
  },
  {
    code: 'DNS_TEMP',
    class: 2,
    reads: 'any',
    pattern: /server misbehaving|Temporary failure (?:in name resolution|resolving)|EAI_AGAIN/,
    reason: 'the name server did not answer',
    hint: 'If the retry fails too, check the name server of the network that builds.',
    evidence: 'smithy constants.ts:59',
    turns: [guestItself],
  },
  {
    code: 'DNS_NXDOMAIN',
    class: 2,
    reads: 'any',
    pattern:
      /[Nn]o such host|ENOTFOUND|[Cc]ould(?:n't| not) resolve (?:host|proxy|'[\w-]{1,63}\.[\w.-]{1,200}')|Name or service not known|nodename nor servname|getaddrinfo failed|UnknownHostException|[Uu]nknown host:? '?[\w-]{1,63}\.[\w.-]{1,200}|(?:remote|server) name (?:or address )?could not be resolved|name resolution failed|Name does not resolve|NameResolutionError|[Hh]ost(?: ?name)? could not be resolved|DNS (?:lookup|resolution) failed|unable to resolve host\b|wget: bad address '/,
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
    pattern: anyOf(
      /[Cc]onnection (?:(?:was |has been |unexpectedly )?(?:reset|aborted|lost|dropped|terminated|forcibly closed)|(?:was |has been |unexpectedly )closed|closed (?:by|before|unexpectedly))/,
      /[Cc]onnection refused|target machine actively refused it|Failed to connect to \S{1,200} port \d|[Nn]o route to host|[Nn]etwork is (?:unreachable|down)|unreachable network|\b[Nn]etwork (?:error|failure)\b|Error code: Connection failed|[Cc]ould not connect to the VNC server|upstream connect error|reset reason: /,
      /http2: (?:server sent GOAWAY|client connection lost|stream closed)|stream error: stream ID \d|HTTP\/1\.x transport connection broken|server closed idle connection|Remote end closed connection|[Ss]ocket hang up|Empty reply from server|IncompleteRead\(|ChunkedEncodingError|[Pp]remature (?:EOF|close)|websocket: close 1006/,
      /\(unexpected EOF\)|(?:[Ss]erver|[Cc]onnection|[Ss]tream|[Rr]esponse)\b[^\n]{0,40} unexpected EOF|(?:closed|dropped) the connection\b|remote error: tls: internal error|GnuTLS recv error|non-properly terminated|SSL_(?:read|connect|write)\b|SSL_ERROR_SYSCALL|unexpected eof while reading|UNEXPECTED_EOF_WHILE_READING|EOF occurred in violation of protocol/,
      /forcibly closed by the remote host|established connection was aborted|remote end hung up unexpectedly|[Bb]roken pipe|use of closed network connection|ECONN(?:RESET|ABORTED|REFUSED)|EPIPE|RequestError: send request failed|^[0-9a-f]{12}: Retrying in \d{1,3} seconds?$|exited without exit status or exit signal/,
      /\b(?:Get|Head|Post|Put|Patch|Delete) \\?"?https?:\/\/[^\s"]{1,500}\\?"?: (?:unexpected )?EOF\b/,
      /(?:^[Rr]etrieving [^\n]{1,200}|[Ff]ailed to send [\w ]{1,40} command|(?:[Rr]emov|[Uu]pload|[Dd]ownload|[Cc]onnect|[Pp]ull|[Pp]ush|[Ff]etch|[Cc]reat|[Dd]elet|[Ss]tart|[Ss]topp|[Cc]all|[Gg]ett|[Pp]oll|[Qq]uery|[Rr]equest)ing(?: [^\n]{1,200})?|[Dd]ownload failed [^\n]{0,60}|\bssh: [^\n]{0,200}|\bwebsocket: [^\n]{0,200}|\bread tcp [^\n]{0,200}): (?:unexpected )?EOF$/,
    ),
    reason: 'a connection was refused or broke off',
    hint: 'If the retry fails too, check whether the host can be reached from the build at all.',
    evidence: 'smithy constants.ts:54; hashicorp/packer#10137, #10055; the captures chaos-endpoint-refused, chaos-reset-maxretries1',
    turns: [guestItself],
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
  {
    code: 'RESOURCE_BUSY',
    class: 2,
    reads: 'error',
    pattern:
      /already locked\b|\b[Vv]olume \S{1,100} is still in use\b|[Aa]nother operation is in progress|process is already running|locked for a session|Failed to get "write" lock|(?:file|object|image|disk|machine|volume|device) is (?:already |currently )?(?:in use|locked|busy)|already has an? (?:pending|active|ongoing|running) (?:event|task|operation|action)|[Rr]esource (?:is )?busy|(?:locked|held|modified|used) by another (?:process|operation|request|task|build|user|client)|database is locked|[Cc]ould not acquire (?:the )?(?:\w{1,20} )?lock|\b(?:VM|[Mm]achine|[Dd]evice|[Dd]isk|[Ii]mage|[Ss]erver) is (?:currently )?busy\b|in a transient state|concurrent (?:request|operation|modification|update)s?\b|hcloud: [^\n]{0,100}\((?:locked|conflict)\)|[Ff]ailed to lock the file/,
    reason: 'something else holds what packer needs',
    hint: 'If the retry fails too, see what holds it: another build, or one that was not cleaned up.',
    evidence: 'VirtualBox, VMware, Hyper-V and QEMU texts',
  },
  {
    code: 'CLEANUP_RACE',
    class: 2,
    reads: 'error',
    pattern:
      /^(?:(?:Error )?(?:[Dd]eleting|[Rr]emoving) output directory: )?(?:remove|unlinkat) (?:\S{0,200}\/)?output[\w.-]{0,100}[^\n]{0,200}: (?:no such file or directory|directory not empty|device or resource busy|The process cannot access the file)/m,
    reason: 'files changed under packer while it removed them',
    hint: 'If the retry fails too, see what else writes into the output directory: the hypervisor, a scanner, another build.',
    evidence: 'Go os.RemoveAll; the output directories of the VMware and VirtualBox plugins',
  },
  {
    code: 'WAIT_TIMEOUT',
    class: 2,
    reads: 'error',
    pattern:
      /\b[Tt]ime ?out (?:while |when )?waiting|(?<!not found )\b[Tt]imed out\b|\b[Tt]ime ?out (?:after|expired|exceeded|reached)\b|\b[Ww]ait timeout\b|waiter timed out|did not (?:start|finish|complete|respond) in (?:the allotted )?time|[Ff]ailed to connect to backend/,
    reason: 'packer stopped waiting for something that takes a while',
    hint: 'If the retry fails too, see what it waited for, and raise the time limit in the template.',
    evidence: 'packer-plugin-sdk and the plugins of many clouds',
  },
  {
    code: 'RETRY_ASKED',
    class: 2,
    reads: 'error',
    pattern:
      /(?<!and |to )\b(?:[Tt]ry again|[Rr]etry) (?:later|shortly|in (?:a few|\d))|[Pp]lease (?:try again|retry)(?: later| shortly|[.,;:)]|$)|(?<![Rr]esource )[Tt]emporar(?:ily|y) (?:unavailable|out of|overloaded|failure|error)|asked for the client to retry|[Pp]lease try later|[Rr]etry[ -][Aa]fter:? \d|(?:was|been|being) throttled\b|[Oo]verloaded\b|under maintenance|(?:[Bb]ackend|[Uu]pstream) (?:is )?unavailable|error during placement|\(resource_unavailable\)|hcloud: unavailable/,
    reason: 'the service itself says that it may work later',
    hint: 'If the retry fails too, look at the status page of the service.',
    evidence: 'the words of many services',
  },
];
