import { anyOf, httpStatus } from './http-status.ts';
import { guestItself } from './rules-network.ts';
import { type RuleRow, type Turn } from './rules-row.ts';

/** A status that a script compares is what its image answers, not what something on its way did. */
const ofATest: Turn = {
  to: 1,
  when: ({ text, source }) =>
    source === 'output' && /\b[Aa]ssert|\b[Ee]xpected\b[^\n]{0,60}\b(?:got|but|actual|received|found)\b/.test(text),
  says: 'A test of the script found another status than it expects: correct what it tests, or the test.',
};

/** What a service answers in the words of a protocol: HTTP statuses and gRPC codes, whoever it is. */
export const protocolRules: readonly RuleRow[] = [
  {
    code: 'SDK_RETRIES_SPENT',
    class: 2,
    reads: 'error',
    pattern: /exceeded maximum number of attempts, \d+|reached max(?:imum)? retries|[Mm]ax(?:imum)? retries (?:exceeded|reached)/,
    reason: 'the SDK gave up on an error that it deems transient',
    hint: 'If the retry fails too, read the error behind it: the message names it after the number of attempts.',
    evidence: 'smithy service-error-classification.ts:47; scylladb/scylla-machine-image#980',
  },
  {
    code: 'HTTP_429',
    class: 2,
    reads: 'any',
    pattern: anyOf(
      httpStatus('429', '[Tt]oo [Mm]any'),
      /[Tt]oo [Mm]any [Rr]equests|[Rr]ate[ _-]?limit(?:ed(?: by\b|[.,:;!)]|$)|[ _](?:was )?(?:hit|exceeded|reached))|(?:[Ee]xceed\w{0,5}|[Ll]imit of|[Mm]ore than) [^\n]{0,60}requests per (?:second|minute|hour)|[Rr]equest rate (?:is )?(?:too|limit|exceed)|[Rr]educe your request rate|secondary rate limit/,
    ),
    reason: 'a service limits how often it may be asked',
    hint: 'The retry waits. If it fails too, log in where that raises the limit, use a mirror of your own, or spread the schedules.',
    evidence: 'HTTP status 429',
    turns: [guestItself, ofATest],
  },
  {
    code: 'GRPC_DENIED',
    class: 3,
    reads: 'error',
    pattern: /\brpc error: code = (?:Unauthenticated|PermissionDenied)\b/,
    reason: 'a service refuses the credentials that packer was given, or what they may do',
    hint: 'Renew the secret that the builder names, and check what it may do; then release the builder.',
    evidence: 'google.golang.org/grpc codes',
  },
  {
    code: 'GRPC_QUOTA',
    class: 1,
    reads: 'error',
    pattern: /\brpc error: code = ResourceExhausted\b[\s\S]{0,300}(?:[Qq]uota|[Ll]imit)/,
    reason: 'a limit of the account does not hold this build',
    hint: 'Raise the limit, or remove what is not needed any more.',
    evidence: 'google.golang.org/grpc codes; Yandex Cloud quotas',
  },
  {
    code: 'GRPC_RETRY',
    class: 2,
    reads: 'error',
    pattern:
      /\brpc error: code = (?:(?:Unavailable|DeadlineExceeded|Aborted|Internal|ResourceExhausted)\b|Unknown desc = [^\n]{0,200}[Ii]nternal error)/,
    reason: 'a service had a fault of its own, or throttles',
    hint: 'If the retry fails too, look at the status page of the service.',
    evidence: 'google.golang.org/grpc codes: those that a client may retry',
  },
  {
    code: 'HTTP_5XX',
    class: 2,
    reads: 'any',
    pattern: anyOf(
      httpStatus(
        '408|425|50[0234]|52\\d|530',
        'Request Time|Internal|Bad Gateway|Service|Server|Gateway|Proxy|Temporar|Backend|Web [Ss]erver',
      ),
      /\b(?:[Bb]ad [Gg]ateway|[Gg]ateway [Tt]ime-?out|[Ss]ervice (?:[Tt]emporarily )?[Uu]navailable|Internal Server Error|[Ss]erver is temporarily unable|(?:[Ss]ervice|[Ss]erver|[Ss]ite) (?:is )?(?:currently |temporarily )unavailable|temporarily unavailable[.,;!]?$)\b|[Aa]n internal (?:server |system )?error (?:has )?occurred|(?:reach|contact|connect to) [^\n]{0,120}: 50[0234]\b|\b(?:[Ff]etch|[Dd]ownload|[Uu]pload|[Rr]equest|[Cc]onnect|[Gg]et|[Pp]ost|[Hh]ttps?:)[^\n]{0,200}: 50[234]$/,
    ),
    reason: 'a service had a fault of its own',
    hint: 'If the retry fails too, look at the status page of the service.',
    evidence: 'HTTP statuses 408, 500, 502 to 504 and those of proxies',
    turns: [guestItself, ofATest],
  },
];
