import { FailureError } from '../../core/failure-error.ts';

/** Something of AWS that was called, as a failure tells of it. */
export interface Called {
  /** What, and where it is: `the DynamoDB table hybridcore in us-east-1`. */
  readonly what: string;
  /** The action, as IAM names it: `dynamodb:GetItem`. */
  readonly action: string;
}

interface Explanation {
  /** Goes on from `Called.what`: `does not exist`. */
  readonly problem: string;
  readonly remedy: string;
}

/** What a service's own errors mean, by their names. */
export type Explanations = Readonly<Record<string, Explanation>>;

const throttled: Explanation = {
  problem: 'takes no more requests for now, after several trials',
  remedy: 'try again in a minute; where it stays so, raise the quota of the account',
};
const credentials: Explanation = {
  problem: 'cannot be used with these credentials',
  remedy: 'run this with valid credentials and the region of the account that the stack is deployed in',
};
const unreachable: Explanation = {
  problem: 'cannot be reached',
  remedy: 'try again; where it stays so, look after the network, the region and the endpoint',
};
const failing: Explanation = { problem: 'failed on the side of AWS, after several trials', remedy: 'try again in a minute' };
const refused: Explanation = {
  problem: 'refused a request',
  remedy: 'look the error up in the documentation of the service; nothing was changed',
};

const namedErrors: Explanations = {
  ...named(throttled, 'ProvisionedThroughputExceededException', 'RequestLimitExceeded', 'SlowDown', 'Throttling'),
  ...named(throttled, 'ThrottlingException', 'TooManyRequestsException'),
  ...named(credentials, 'CredentialsProviderError', 'ExpiredToken', 'ExpiredTokenException', 'InvalidAccessKeyId'),
  ...named(credentials, 'InvalidClientTokenId', 'InvalidSignatureException', 'SignatureDoesNotMatch', 'UnrecognizedClientException'),
  ...named(unreachable, 'TimeoutError'),
};

const networkCodes: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'ETIMEDOUT',
]);

/**
 * An error that the SDK threw when its own trials were over, in a person's words: FailureError STORAGE. Anything else,
 * such as a bug, as it is.
 *
 * @param own what the called service's errors mean; they come before those that all services share.
 */
export function serviceFailure(error: unknown, called: Called, own: Explanations = {}): unknown {
  if (!(error instanceof Error)) return error;
  const { problem, remedy } = own[error.name] ?? shared(error, called) ?? {};
  if (problem === undefined || remedy === undefined) return error;
  return new FailureError(
    { rule: 'STORAGE', message: `${called.what} ${problem} (${called.action}: ${error.name}: ${error.message})`, remedy },
    { cause: error },
  );
}

function shared(error: Error, { action }: Called): Explanation | undefined {
  if (error.name === 'AccessDeniedException' || error.name === 'AccessDenied')
    return { problem: 'may not be used so by this role', remedy: `allow the role ${action} on it, and deploy again` };
  const known = namedErrors[error.name];
  if (known !== undefined) return known;
  if ('code' in error && typeof error.code === 'string' && networkCodes.has(error.code)) return unreachable;
  if (error.message === 'Region is missing') return credentials;
  if (!('$fault' in error)) return undefined;
  return error.$fault === 'server' ? failing : refused;
}

function named(explanation: Explanation, ...names: readonly string[]): Explanations {
  return Object.fromEntries(names.map((name) => [name, explanation]));
}
