import { type OwnRule, ownRules } from '../classification/own-rules.ts';
import { ExitCode } from '../exit-code.ts';
import { type Failure } from '../failure.ts';
import * as z from '../zod.ts';

/** What is wrong with a request before the domain is asked: each with its status, and what it says. */
export const httpProblems = {
  UNAUTHORIZED: { status: 401, title: 'the request shows no token, or a wrong one' },
  FORBIDDEN: { status: 403, title: 'the request does not come from where it may' },
  NOT_FOUND: { status: 404, title: 'there is nothing at this path' },
  METHOD_NOT_ALLOWED: { status: 405, title: 'this path is not asked with this method' },
  BUILD_NOT_ENDED: { status: 409, title: 'the build has not ended yet' },
  NOT_HTTP: { status: 400, title: 'what came is no request' },
  TOO_SLOW: { status: 408, title: 'the request took too long to come' },
  HEADERS_TOO_LARGE: { status: 431, title: 'the path and the headers are larger than those of any request' },
  BODY_TOO_LARGE: { status: 413, title: 'the body is larger than any request' },
  ANSWER_TOO_LARGE: { status: 422, title: 'the answer is larger than the API can give' },
  MEDIA_TYPE: { status: 415, title: 'the body is not said to be JSON' },
  TOO_MANY_REQUESTS: { status: 429, title: 'more requests came than are taken at a time' },
  INTERNAL: { status: 500, title: 'the dispatcher failed' },
} as const satisfies Record<string, { readonly status: number; readonly title: string }>;
export type HttpProblem = keyof typeof httpProblems;

/** The status that a failure of the domain is answered with, where its class does not say it. */
const statuses: Partial<Record<OwnRule, number>> = {
  BUILDER_UNKNOWN: 404,
  BUILD_UNKNOWN: 404,
  MANIFEST_MISSING: 404,
  TOKEN_CONFLICT: 409,
  INPUTS_DRIFTED: 409,
  BUILD_NOT_PUBLISHABLE: 409,
  POINTER_REFUSED: 409,
  RAISE_REFUSED: 409,
  GONE: 410,
  RECORD_NEWER: 500,
  QUEUE_FULL: 429,
};

const statusOfClass = { 0: 500, 1: 400, 2: 503, 3: 409 } as const satisfies Record<ExitCode, number>;

/** The status that a problem is answered with. */
export function statusOf(code: OwnRule | HttpProblem): number {
  if (isHttpProblem(code)) return httpProblems[code].status;
  return statuses[code] ?? statusOfClass[ownRules[code].exit_code];
}

function isHttpProblem(code: string): code is HttpProblem {
  return Object.hasOwn(httpProblems, code);
}

/** How long whoever is refused for the moment should wait. Seconds. */
const retryAfter = { 429: 15, 503: 5 } as const;

/** Why a request is not answered with what it asked for (RFC 9457). */
export const Problem = z.strictObject({
  type: z.string().check(z.describe('urn:hybridcore-packer:problem: and the code')),
  title: z.string().check(z.describe('what kind of problem it is')),
  status: z.int(),
  detail: z.string().check(z.describe('what is wrong, and where')),
  code: z.string().check(z.describe('stable: the rule of the failure, or what HTTP has no rule for')),
  exit_code: ExitCode.check(z.describe('what a command exits with that meets it')),
  remedy: z.string().check(z.describe('what to do about it')),
  faults: z.array(z.strictObject({ message: z.string() })).check(z.describe('every fault that was found')),
});
export type Problem = z.infer<typeof Problem>;

export interface ProblemAnswer {
  readonly problem: Problem;
  readonly headers: Readonly<Record<string, string>>;
}

/** A failure of the domain as the API answers it. */
export function problemOfFailure({ rule, message, remedy, evidence }: Failure): ProblemAnswer {
  const { exit_code, reason } = ownRules[rule];
  const status = statusOf(rule);
  const wait = status === 429 || status === 503 ? retryAfter[status] : undefined;
  return {
    problem: {
      type: typeOf(rule),
      title: reason,
      status,
      detail: message,
      code: rule,
      exit_code,
      remedy,
      faults: (evidence ?? [message]).map((fault) => ({ message: fault })),
    },
    headers: wait === undefined ? {} : { 'retry-after': `${wait}` },
  };
}

/** What is wrong with a request by itself. */
export function problemOfRequest(
  code: HttpProblem,
  detail: string,
  remedy: string,
  headers: Readonly<Record<string, string>> = {},
): ProblemAnswer {
  const { status, title } = httpProblems[code];
  return {
    problem: { type: typeOf(code), title, status, detail, code, exit_code: status === 500 ? 2 : 1, remedy, faults: [{ message: detail }] },
    headers,
  };
}

function typeOf(code: string): string {
  return `urn:hybridcore-packer:problem:${code}`;
}
