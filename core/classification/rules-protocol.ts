import { type RuleRow } from './rules-row.ts';

/** What a service answers in the words of a protocol: HTTP statuses and gRPC codes, whoever it is. */
export const protocolRules: readonly RuleRow[] = [
  {
    code: 'SDK_RETRIES_SPENT',
    class: 2,
    reads: 'error',
    pattern:
      /StatusCode: 429\b|status code: 429\b|429 Too Many Requests|[Rr]ate limit (?:hit|exceeded)|"status": ?429|exceeded maximum number of attempts, \d+/,
    reason: 'the SDK gave up on an error that it deems transient',
    hint: 'If the retry fails too, read the error behind it: the message names it after the number of attempts.',
    evidence: 'smithy service-error-classification.ts:47; scylladb/scylla-machine-image#980',
  },
];
