import { ownRules } from '../../core/classification/own-rules.ts';
import { type Failure, type Outcome, failure, success } from '../../core/failure.ts';
import * as z from '../../core/zod.ts';

/** What is asked of the API. */
export interface ApiCall {
  readonly method: 'GET' | 'POST';
  /** From the API's root, each part of it escaped. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: object;
  /** Whether it may be sent again where nobody knows if it was done. */
  readonly repeatable: boolean;
}

/** A request as it goes out; what `authorize` signs. */
export interface OutgoingRequest {
  readonly method: 'GET' | 'POST';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

export interface ApiClientOptions {
  /** Where the API is: what its paths are put after. */
  readonly url: URL;
  /** The headers that let a request in. Asked for each trial: signatures carry a time. @throws FailureError where there is nothing to show. */
  readonly authorize: (request: OutgoingRequest) => Promise<Readonly<Record<string, string>>>;
  /** Lets so many milliseconds pass. */
  readonly wait: (milliseconds: number) => Promise<unknown>;
  /** From 0 to below 1. */
  readonly random: () => number;
  /** How long one trial may take. Milliseconds. */
  readonly timeLimit?: number;
}

export interface ApiClient {
  /**
   * Sends a call and holds the answer against its schema. What is refused for the moment (429, 5xx), and a connection that
   * breaks, is tried again up to four times with growing pauses.
   *
   * @returns the API's own failure where it refuses; API_UNREACHABLE, API_REFUSED or API_ANSWER where it is not one that it gives.
   */
  send<T>(call: ApiCall, schema: z.ZodMiniType<T>): Promise<Outcome<T>>;
  /** The bytes behind a link that the API gave, at most so many. */
  download(link: string, bytes: number): Promise<Outcome<Uint8Array>>;
}

const trials = 5;
/** Milliseconds. */
const pauses = { first: 250, longest: 8_000, asked: 30_000 } as const;
const timeLimit = 30_000;
/** Of a document, in bytes. */
const largestAnswer = 16 * 1024 * 1024;

/** What the API refuses with (RFC 9457), as far as it is needed: other versions may say more. */
const ProblemAnswer = z.looseObject({
  code: z.string(),
  detail: z.string(),
  remedy: z.withDefault(z.string(), ''),
  faults: z.withDefault(z.array(z.looseObject({ message: z.string() })), []),
});

export function apiClient(options: ApiClientOptions): ApiClient {
  return {
    async send(call, schema) {
      const answered = await exchange(options, requestOf(options.url, call), call.repeatable, largestAnswer);
      if (!answered.ok) return answered;
      const { response, body } = answered.value;
      const document = jsonOf(body);
      if (!response.ok) return { ok: false, failure: refusal(options.url, response, document) };
      const parsed = schema.safeParse(document);
      return parsed.success ? success(parsed.data) : strange(options.url, response);
    },
    async download(link, bytes) {
      // A link lets in whoever has it, and nobody else's server is to see what lets us in.
      const asked: OutgoingRequest = { method: 'GET', url: new URL(link, options.url), headers: {}, body: undefined };
      const answered = await exchange({ ...options, authorize: async () => ({}) }, asked, true, bytes);
      if (!answered.ok) return answered;
      const { response, body } = answered.value;
      if (response.ok) return success(body);
      return failure(
        'API_UNREACHABLE',
        `what the API linked to cannot be had (HTTP status ${response.status})`,
        'a link holds for some minutes: ask for it again',
      );
    },
  };
}

function requestOf(root: URL, { method, path, query, body }: ApiCall): OutgoingRequest {
  const url = new URL(root);
  url.pathname = `${root.pathname.replace(/\/+$/, '')}${path}`;
  url.search = new URLSearchParams(query).toString();
  const text = body === undefined ? undefined : JSON.stringify(body);
  return {
    method,
    url,
    headers: {
      accept: 'application/json, application/problem+json',
      ...(text === undefined ? {} : { 'content-type': 'application/json' }),
    },
    body: text,
  };
}

interface Answered {
  readonly response: Response;
  readonly body: Uint8Array;
}

/** Sends a request until it is answered for good. */
async function exchange(
  options: ApiClientOptions,
  request: OutgoingRequest,
  repeatable: boolean,
  bytes: number,
): Promise<Outcome<Answered>> {
  for (let trial = 1; ; trial += 1) {
    const answer = await oneTrial(options, request, bytes);
    const isLast = trial === trials;
    if (answer.state === 'lost') {
      if (isLast || !repeatable) return unreachable(options.url, answer.why, repeatable);
      await options.wait(pauseAfter(trial, options.random()));
      continue;
    }
    // 429 and 503 say that nothing was done.
    const passes = answer.response.status === 429 || answer.response.status === 503 || (answer.response.status >= 500 && repeatable);
    if (isLast || !passes) return success(answer);
    await options.wait(askedPause(answer.response) ?? pauseAfter(trial, options.random()));
  }
}

type Trial = ({ readonly state: 'answered' } & Answered) | { readonly state: 'lost'; readonly why: string };

async function oneTrial(options: ApiClientOptions, request: OutgoingRequest, bytes: number): Promise<Trial> {
  const authorization = await options.authorize(request);
  const signal = AbortSignal.timeout(options.timeLimit ?? timeLimit);
  try {
    const response = await fetch(request.url, {
      method: request.method,
      headers: { ...request.headers, ...authorization },
      ...(request.body === undefined ? {} : { body: request.body }),
      // Whoever redirects us is not who we trust.
      redirect: 'manual',
      signal,
    });
    return { state: 'answered', response, body: await bodyOf(response, bytes) };
  } catch (cause) {
    return { state: 'lost', why: whyLost(cause) };
  }
}

async function bodyOf(response: Response, most: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  const body: AsyncIterable<Uint8Array> | null = response.body;
  if (body === null) return new Uint8Array();
  for await (const piece of body) {
    size += piece.length;
    if (size > most) throw new Error(`the answer is larger than ${most} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function whyLost(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  if (cause.name === 'TimeoutError') return 'no answer in time';
  return cause.cause instanceof Error ? cause.cause.message || codeOf(cause.cause) : cause.message;
}

/** Node leaves the message empty where it tried several addresses. */
function codeOf(cause: Error): string {
  return 'code' in cause ? String(cause.code) : cause.name;
}

/** Doubling, half of it by chance: those who were refused together do not come again together. */
function pauseAfter(trial: number, random: number): number {
  const most = Math.min(pauses.first * 2 ** (trial - 1), pauses.longest);
  return most / 2 + (most / 2) * random;
}

/** What the answer asks for, in whole seconds; undefined where it asks for nothing that can be kept to. */
function askedPause(response: Response): number | undefined {
  const seconds = response.headers.get('retry-after');
  return seconds !== null && /^\d{1,5}$/.test(seconds) ? Math.min(Number(seconds) * 1000, pauses.asked) : undefined;
}

// ---- what went wrong ---------------------------------------------------------------------------------------

function unreachable(url: URL, why: string, repeatable: boolean): Outcome<never> {
  return failure(
    'API_UNREACHABLE',
    `${url.origin} did not answer: ${why}`,
    repeatable
      ? 'see that the address is right and that the dispatcher runs; then ask again'
      : 'it may have been done all the same: look before you ask again',
  );
}

function refusal(url: URL, response: Response, document: unknown): Failure {
  const problem = ProblemAnswer.safeParse(document);
  if (problem.success) {
    const { code, detail, remedy, faults } = problem.data;
    const evidence = faults.length > 1 ? { evidence: faults.map(({ message }) => message) } : {};
    if (isOwnRule(code)) return { rule: code, message: detail, remedy, ...evidence };
    return { rule: ruleOf(response.status), message: `${url.origin}: ${detail} (${code})`, remedy, ...evidence };
  }
  return {
    rule: ruleOf(response.status),
    // API Gateway answers by itself where it lets nobody through, with a message of its own.
    message: `${url.origin} answered with the HTTP status ${response.status}${gatewayMessage(document)}`,
    remedy:
      response.status === 401 || response.status === 403
        ? 'see whose credentials or token is used, and what they may do'
        : 'see that the address is that of hybridcore-packer, with its stage where it has one',
  };
}

function isOwnRule(code: string): code is keyof typeof ownRules {
  return Object.hasOwn(ownRules, code);
}

function ruleOf(status: number): 'API_REFUSED' | 'API_UNREACHABLE' | 'API_ANSWER' {
  if (status === 401 || status === 403) return 'API_REFUSED';
  return status === 429 || status >= 500 ? 'API_UNREACHABLE' : 'API_ANSWER';
}

const GatewayMessage = z.looseObject({ message: z.string() });

function gatewayMessage(document: unknown): string {
  const said = GatewayMessage.safeParse(document);
  return said.success ? `: ${said.data.message.slice(0, 300)}` : '';
}

function strange(url: URL, response: Response): Outcome<never> {
  return failure(
    'API_ANSWER',
    `${url.origin} answered with the HTTP status ${response.status} and something that is not what was asked for`,
    'see that the address is that of hybridcore-packer, and that both are of the same version',
  );
}

/** Undefined where it is none. */
function jsonOf(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    return undefined;
  }
}
