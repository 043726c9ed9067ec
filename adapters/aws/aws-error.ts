import { FailureError } from '../../core/failure-error.ts';

/** The name by which AWS or its SDK calls an error: `NoSuchKey`, `ThrottlingException`, `TimeoutError`. */
export function errorName(error: unknown): string | undefined {
  return error instanceof Error ? error.name : undefined;
}

/**
 * What AWS refuses, and whatever keeps it from answering, as FailureError STORAGE: what it befell, AWS's own words, and
 * what to do. The caller may always try again. Bugs, and what is a failure already, pass as they are.
 *
 * @param subject what was to be read, written or done: `the object artifacts/a.hash.json`.
 */
export async function explained<T>(subject: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error) || error instanceof FailureError || isBug(error)) throw error;
    throw unanswered(subject, reasonOf(error), error.message, error);
  }
}

/** The failure of something that AWS did not do. @param name how AWS calls the reason. */
export function unanswered(subject: string, name: string, message: string, cause?: unknown): FailureError {
  const said = message === '' || message === name ? name : `${name}: ${message}`;
  return new FailureError(
    { rule: 'STORAGE', message: `AWS did not do what was asked of it for ${subject}: ${said}`, remedy: remedyFor(name) },
    { cause },
  );
}

/** AWS's or the SDK's name for it; where the network failed, the system's. */
function reasonOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' && /^E[A-Z_]+$/.test(error.code) ? error.code : error.name;
}

/** The SDK throws these too where the network fails it, but with a code of the system then. */
function isBug(error: Error): boolean {
  return (error instanceof TypeError || error instanceof RangeError) && !('code' in error);
}

const remedies: readonly { readonly names: RegExp; readonly remedy: string }[] = [
  {
    names:
      /^(?:AccessDenied|AccessDeniedException|AllAccessDisabled|AuthorizationError|AuthorizationErrorException|UnauthorizedOperation|Forbidden|KMSAccessDenied.*)$/,
    remedy: 'give this role the permission that the message names, on this resource and its key',
  },
  {
    names: /^(?:NoSuchBucket|ResourceNotFoundException|NotFound|NotFoundException)$/,
    remedy: 'deploy the stack again: something that this part was told to use is not there',
  },
  {
    names:
      /^(?:ExpiredToken|ExpiredTokenException|InvalidClientTokenId|UnrecognizedClientException|InvalidAccessKeyId|SignatureDoesNotMatch|AuthFailure|CredentialsProviderError)$/,
    remedy: 'look at the credentials that this part runs with, get new ones where they have expired, and try again',
  },
  {
    names: /^(?:RequestTimeTooSkewed|RequestExpired)$/,
    remedy: "set this machine's clock, and try again",
  },
];

function remedyFor(name: string): string {
  return (
    remedies.find(({ names }) => names.test(name))?.remedy ??
    'try again; where it lasts, look at what AWS says of its own health and at the message'
  );
}
