import { FailureError } from '../failure-error.ts';
import { type Outcome, failure, success } from '../failure.ts';
import * as z from '../zod.ts';
import { type Answered, answers } from './answers.ts';
import { type ApiAnswer, type ApiDispatcher, type ApiRequest, type Asked } from './dispatcher.ts';
import { type ProblemAnswer, problemOfFailure, problemOfRequest } from './problem.ts';
import { type Route, operationOf, routeOf } from './route.ts';

/** What a body has at most. Bytes. */
export const largestBody = 64 * 1024;

/**
 * Answers a request of the API, whatever it is.
 *
 * @param request untrusted.
 * @returns the operation's document, or a problem document that names every fault. Never throws: what the world failed is
 *   told to the dispatcher, and answered as STORAGE or INTERNAL.
 */
export async function answerApi(dispatcher: ApiDispatcher, request: ApiRequest): Promise<ApiAnswer> {
  const routed = routeOf(request.method, request.target);
  if ('refused' in routed) return refusal(routed.refused);
  const body = bodyOf(routed.route, request);
  if ('problem' in body) return refusal(body);
  try {
    const asked = askedFor(routed.route, body.document, request.by);
    if (!asked.ok) return refusal(problemOfFailure(asked.failure));
    const answered = await carryOut(dispatcher, routed.route, asked.value);
    if ('problem' in answered) return refusal(answered);
    if (!answered.ok) return refusal(problemOfFailure(answered.failure));
    return {
      status: operationOf(routed.route).status,
      headers: { 'content-type': 'application/json' },
      body: `${JSON.stringify(answered.value)}\n`,
    };
  } catch (cause) {
    // What came in is what is wrong, or the world failed a port.
    if (cause instanceof FailureError && cause.failure.rule !== 'STORAGE') return refusal(problemOfFailure(cause.failure));
    dispatcher.tell(cause);
    return refusal(
      cause instanceof FailureError
        ? problemOfFailure({
            rule: 'STORAGE',
            message: 'the records or objects could not be written or read',
            remedy: 'ask again; the log of the dispatcher says why',
          })
        : problemOfRequest('INTERNAL', 'the dispatcher failed', 'ask again; its log says why'),
    );
  }
}

/** A problem as an answer. */
export function refusal({ problem, headers }: ProblemAnswer): ApiAnswer {
  return {
    status: problem.status,
    headers: { 'content-type': 'application/problem+json', ...headers },
    body: `${JSON.stringify(problem)}\n`,
  };
}

/** The body as a document; null where the operation takes none. */
function bodyOf(route: Route, { body, contentType }: ApiRequest): { readonly document: unknown } | ProblemAnswer {
  if (body.length > largestBody)
    return problemOfRequest(
      'BODY_TOO_LARGE',
      `the body has more than ${largestBody} bytes`,
      'a request says what to build, and carries nothing else',
    );
  if (operationOf(route).body === null) return { document: null };
  if (!/^application\/json(?:;|$)/i.test((contentType ?? '').trim()))
    return problemOfRequest(
      'MEDIA_TYPE',
      'the body is to be JSON, and the header content-type to say so',
      'send it with content-type: application/json',
    );
  try {
    return { document: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) };
  } catch {
    const [where, what] = ['body: is no JSON in UTF-8', 'send one JSON document'];
    return problemOfFailure({ rule: 'REQUEST_INVALID', message: where, remedy: what });
  }
}

/** Holds all parts of a request against their schemas, and tells every fault of all of them. */
function askedFor(route: Route, document: unknown, by: string): Outcome<Asked<unknown, unknown, unknown>> {
  const { parameters, query, body } = operationOf(route);
  const twice = [...new Set(route.query.keys())].filter((name) => route.query.getAll(name).length > 1);
  const [path, search, content] = [
    parameters.safeParse(route.parameters),
    query.safeParse(Object.fromEntries(route.query)),
    body === null ? z.null().safeParse(document) : body.safeParse(document),
  ];
  const faults = [
    ...faultsOf('path', path),
    ...faultsOf('query', search),
    ...twice.map((name) => `query.${name}: stands there more than once`),
    ...faultsOf('body', content),
  ];
  if (faults.length === 0 && path.success && search.success && content.success)
    return success({ parameters: path.data, query: search.data, body: content.data, by });
  return failure('REQUEST_INVALID', faults.join('; '), 'see docs/api.md, or schemas/openapi.json', faults);
}

function faultsOf(
  part: string,
  parsed: { readonly error?: { readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[] } },
): readonly string[] {
  return (parsed.error?.issues ?? []).map((issue) => `${[part, ...issue.path.map(String)].join('.')}: ${issue.message}`);
}

async function carryOut(dispatcher: ApiDispatcher, { name }: Route, asked: Asked<unknown, unknown, unknown>): Promise<Answered<unknown>> {
  // Of just this operation: its parts were held against its schemas above, which the table's type cannot say of a name.
  // oxlint-disable-next-line no-unsafe-type-assertion
  const answer = answers[name] as (dispatcher: ApiDispatcher, asked: Asked<unknown, unknown, unknown>) => Promise<Answered<unknown>>;
  return answer(dispatcher, asked);
}
