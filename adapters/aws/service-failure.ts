import { FailureError } from '../../core/failure-error.ts';

/** Something of AWS that was called, as a failure tells of it. */
export interface Called {
  /** What, and where it is: `the DynamoDB table hybridcore in us-east-1`. */
  readonly what: string;
  /** The action, as IAM names it: `dynamodb:GetItem`. */
  readonly action: string;
  /** What it was called for, where there is more to say: `the object artifacts/motd.hash.json`. */
  readonly subject?: string;
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
  remedy: 'look at the credentials and the region that this part runs with, get new ones where they have expired, and try again',
};
const unreachable: Explanation = {
  problem: 'cannot be reached',
  remedy: 'try again; where it stays so, look after the network, the region and the endpoint',
};
const missing: Explanation = {
  problem: 'does not exist',
  remedy: 'deploy the stack again: something that this part was told to use is not there',
};
const mistimed: Explanation = { problem: 'refused a request for its time', remedy: "set this machine's clock, and try again" };
const failing: Explanation = { problem: 'failed on the side of AWS, after several trials', remedy: 'try again in a minute' };
const refused: Explanation = {
  problem: 'refused a request',
  remedy: 'look the error up in the documentation of the service; nothing was changed',
};
const unanswered: Explanation = {
  problem: 'did not do what was asked of it',
  remedy: 'try again; where it lasts, look at what AWS says of its own health and at the message',
};

const namedErrors: Explanations = {
  ...named(throttled, 'ProvisionedThroughputExceededException', 'RequestLimitExceeded', 'SlowDown', 'Throttling'),
  ...named(throttled, 'ThrottledException', 'ThrottlingException', 'TooManyRequestsException'),
  ...named(credentials, 'AuthFailure', 'CredentialsProviderError', 'ExpiredToken', 'ExpiredTokenException', 'InvalidAccessKeyId'),
  ...named(credentials, 'InvalidClientTokenId', 'InvalidSignatureException', 'SignatureDoesNotMatch', 'UnrecognizedClientException'),
  ...named(missing, 'NoSuchBucket', 'NotFound', 'NotFoundException', 'ResourceNotFoundException'),
  ...named(mistimed, 'RequestExpired', 'RequestTimeTooSkewed'),
  ...named(failing, 'InternalError', 'InternalException', 'InternalFailure'),
  ...named(unreachable, 'TimeoutError'),
};

/** How the services say that a role may not; of a key that may not be used, each action of KMS has its own. */
const denials =
  /^(?:AccessDenied|AccessDeniedException|AllAccessDisabled|AuthorizationError|AuthorizationErrorException|Forbidden|KMSAccessDenied.*|UnauthorizedOperation)$/;

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

/** The name by which AWS or its SDK calls an error: `NoSuchKey`, `ThrottlingException`, `TimeoutError`. */
export function errorName(error: unknown): string | undefined {
  return error instanceof Error ? error.name : undefined;
}

/**
 * The answer to a call. What AWS refuses, and whatever keeps it from answering when the SDK's own trials are over, is thrown
 * as FailureError STORAGE in a person's words; the caller may always try again. Bugs, and what is a failure already, are
 * thrown as they are.
 *
 * @param own what the called service's errors mean; they come before those that all services share.
 */
export async function explained<T>(called: Called, call: () => Promise<T>, own: Explanations = {}): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof Error) || error instanceof FailureError || isBug(error)) throw error;
    const { problem, remedy } = own[error.name] ?? meaningOf(error, called);
    throw told(called, problem, remedy, { name: reasonOf(error), message: error.message }, error);
  }
}

/** As `explained`; undefined where AWS says by one of these errors that there is none. */
export async function explainedIfThere<T>(called: Called, absences: readonly string[], call: () => Promise<T>): Promise<T | undefined> {
  return explained(called, async () => {
    try {
      return await call();
    } catch (error) {
      if (absences.includes(errorName(error) ?? '')) return undefined;
      throw error;
    }
  });
}

/** The failure of a part of a call that was answered as a whole: AWS says in its answer by which error. */
export function partFailure(called: Called, error: { readonly name: string; readonly message: string }): FailureError {
  const { problem, remedy } = denied(error.name, called) ?? namedErrors[error.name] ?? unanswered;
  return told(called, problem, remedy, error);
}

function told(called: Called, problem: string, remedy: string, said: { name: string; message: string }, cause?: unknown): FailureError {
  const { what, action, subject } = called;
  const request = subject === undefined ? action : `${action} for ${subject}`;
  const words = said.message === '' || said.message === said.name ? said.name : `${said.name}: ${said.message}`;
  return new FailureError({ rule: 'STORAGE', message: `${what} ${problem} (${request}: ${words})`, remedy }, { cause });
}

function meaningOf(error: Error, called: Called): Explanation {
  const known = denied(error.name, called) ?? namedErrors[error.name];
  if (known !== undefined) return known;
  if (networkCodes.has(systemCode(error) ?? '')) return unreachable;
  if (error.message === 'Region is missing') return credentials;
  if (!('$fault' in error)) return unanswered;
  return error.$fault === 'server' ? failing : refused;
}

function denied(name: string, { action }: Called): Explanation | undefined {
  if (!denials.test(name)) return undefined;
  return {
    problem: 'may not be used so by this role',
    remedy: `give this role the permission ${action} on it, and on the key that encrypts it where the message names one; then deploy again`,
  };
}

/** AWS's or the SDK's name for it; where the network failed, the system's. */
function reasonOf(error: Error): string {
  return systemCode(error) ?? error.name;
}

function systemCode(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' && /^E[A-Z_]+$/.test(error.code) ? error.code : undefined;
}

/** The SDK throws these too where the network fails it, but with a code of the system then. */
function isBug(error: Error): boolean {
  return (error instanceof TypeError || error instanceof RangeError) && !('code' in error);
}

function named(explanation: Explanation, ...names: readonly string[]): Explanations {
  return Object.fromEntries(names.map((name) => [name, explanation]));
}
