import type { APIGatewayProxyResult } from 'aws-lambda';

import { answerApi, refusal } from '../../core/api/answer-api.ts';
import { type ApiAnswer, type ApiDispatcher, type ApiRequest, type Links } from '../../core/api/dispatcher.ts';
import { DispatchDocument } from '../../core/documents.ts';
import { Problem, problemOfRequest } from '../../core/api/problem.ts';
import { scrubbedAnswer } from '../../core/api/scrubbed-answer.ts';
import { type Outgoing } from '../../core/scrub/outgoing.ts';
import { type Count } from '../counts.ts';
import { type Log, type LogProblem, problemOf } from '../log.ts';
import { requestOf } from './proxy-event.ts';

export interface ApiDependencies {
  readonly dispatcher: Omit<ApiDispatcher, 'tell'>;
  /** All that is answered passes it. */
  readonly outgoing: Outgoing;
  readonly log: Log;
  readonly logProblem: LogProblem;
  readonly count: Count;
}

/** What Lambda takes as an answer at most is six million bytes, as JSON in JSON. */
const largestAnswer = 5_000_000;

/**
 * Answers a request that API Gateway hands over.
 *
 * @param event untrusted, but for what API Gateway says itself (`requestOf`).
 */
export async function answerEvent(dependencies: ApiDependencies, event: unknown): Promise<APIGatewayProxyResult> {
  const { log } = dependencies;
  const request = requestOf(event);
  const answer = request === undefined ? noRequest() : await answerOf(dependencies, request);
  log('API_ANSWERED', { status: answer.status, ...codeOf(answer) });
  return { statusCode: answer.status, headers: { ...answer.headers }, body: answer.body, isBase64Encoded: false };
}

async function answerOf(dependencies: ApiDependencies, request: ApiRequest): Promise<ApiAnswer> {
  const { dispatcher, logProblem, outgoing } = dependencies;
  // The API asks for IAM's authorization at every method; a request that comes without is none of API Gateway's.
  if (request.by === '') return refusal(problemOfRequest('FORBIDDEN', 'nobody signed the request', 'sign it with SigV4, for execute-api'));
  const problems: Promise<void>[] = [];
  const tell = (cause: unknown) => void problems.push(logProblem('CALL_FAILED', {}, problemOf(cause)));
  const links = linksApart(dispatcher.links);
  const answer = links.putInto(scrubbedAnswer(outgoing, await answerApi({ ...dispatcher, links, tell }, request)));
  await Promise.all(problems);
  countRequest(dependencies, request, answer);
  if (Buffer.byteLength(answer.body) <= largestAnswer) return answer;
  return refusal(
    problemOfRequest(
      'ANSWER_TOO_LARGE',
      `the answer has more than ${largestAnswer} bytes`,
      'take the object itself from the bucket; docs/api.md says which it is',
    ),
  );
}

/** A link of S3 is a credential by design, and looks like one to the hook: it is put in where the hook has been. */
function linksApart(links: Links): Links & { putInto(answer: ApiAnswer): ApiAnswer } {
  const made: string[] = [];
  const placeOf = (index: number) => `"url":"link ${index} of this answer"`;
  return {
    async link(key) {
      const link = await links.link(key);
      return link === undefined ? undefined : { ...link, url: `link ${made.push(link.url) - 1} of this answer` };
    },
    putInto: (answer) => ({
      ...answer,
      body: made.reduce((body, url, index) => body.replace(placeOf(index), () => `"url":${JSON.stringify(url)}`), answer.body),
    }),
  };
}

/** As `dispatch` counts what it is asked for. */
function countRequest({ count }: ApiDependencies, { method, target }: ApiRequest, { status, body }: ApiAnswer): void {
  if (method !== 'POST' || !/^\/builders\/[^/]+\/builds$/.test(target)) return;
  if (status >= 400) count({ refused: 1 });
  else if (DispatchDocument.parse(JSON.parse(body)).dispatched.how === 'accepted') count({ accepted: 1 });
}

function codeOf({ status, body }: ApiAnswer): { readonly problem_code?: string } {
  return status < 400 ? {} : { problem_code: Problem.parse(JSON.parse(body)).code };
}

function noRequest(): ApiAnswer {
  return refusal(problemOfRequest('INTERNAL', 'this function was called with something else than a request', 'ask the API itself'));
}
