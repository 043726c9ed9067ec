import { type RuleRow } from './rules-row.ts';

/** What a service answers in the words of a protocol: HTTP statuses and gRPC codes, whoever it is. */
export const protocolRules: readonly RuleRow[] = [
  {
    code: 'SDK_RETRIES_SPENT',
    class: 2,
    reads: 'error',
    pattern:
      /StatusCode: 429\b|status code: 429\b|\bHTTP(?:\/\d(?:\.\d)?)? 429\b|\b(?:GET|POST|PUT|PATCH|DELETE) https?:\/\/\S{1,300}: 429\b|\b429\b[^\n]{0,20}[Tt]oo [Mm]any|[Tt]oo many requests|\[429\]|[Rr]ate[ _-]?limit(?:ed|[ _](?:hit|exceeded|reached))|requests per (?:second|minute|hour)|"status": ?429|exceeded maximum number of attempts, \d+/,
    reason: 'the SDK gave up on an error that it deems transient',
    hint: 'If the retry fails too, read the error behind it: the message names it after the number of attempts.',
    evidence: 'smithy service-error-classification.ts:47; scylladb/scylla-machine-image#980',
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
    pattern: /\brpc error: code = (?:Unavailable|DeadlineExceeded|Aborted|Internal|ResourceExhausted)\b/,
    reason: 'a service had a fault of its own, or throttles',
    hint: 'If the retry fails too, look at the status page of the service.',
    evidence: 'google.golang.org/grpc codes: those that a client may retry',
  },
  {
    code: 'HTTP_5XX',
    class: 2,
    reads: 'error',
    pattern:
      /\b(?:HTTP|[Ss]tatus|[Rr]esponse|[Cc]ode|[Rr]eturned)(?:\/\d(?:\.\d)?)?(?: response)?(?: error)?(?: status)?(?: ?[Cc]ode)?[:= ]{1,3}["\\[(]?(?:408|50[0234]|52\d)\b|\bbut got 50[0234] instead|^\[(?:408|50[0234])\]|\b(?:Bad Gateway|Gateway Time-?out|Service Unavailable)\b|(?:reach|contact|connect to) [^\n]{0,120}: 50[0234]\b|\b(?:GET|POST|PUT|PATCH|DELETE) https?:\/\/\S{1,300}: 50[0234]\b|: \[(?:408|50[0234])\]|\b(?:502|503|504) [A-Z][a-z]|\bhttps?:\/\/[^"\s]{1,300}": (?:Bad Gateway|Service Unavailable|Gateway Time-?out)\b/,
    reason: 'a service had a fault of its own',
    hint: 'If the retry fails too, look at the status page of the service.',
    evidence: 'HTTP statuses 408, 500, 502 to 504 and those of proxies',
  },
];
