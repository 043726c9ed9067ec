import { namesOf } from '../names-of.ts';
import * as z from '../zod.ts';
import { type Operation, type OperationName, operations } from './operations.ts';
import { type HttpProblem, type ProblemAnswer, problemOfFailure, problemOfRequest } from './problem.ts';

type Json = Readonly<Record<string, unknown>>;

/** What an access log says of a request, in API Gateway's variables: no query, no header and no body, which may hold anything. */
export const accessLogLine: Readonly<Record<string, string>> = {
  time: '$context.requestTime',
  request: '$context.requestId',
  caller: '$context.identity.userArn',
  address: '$context.identity.sourceIp',
  method: '$context.httpMethod',
  path: '$context.path',
  status: '$context.status',
  refused: '$context.error.responseType',
  milliseconds: '$context.responseLatency',
};

/**
 * The API as API Gateway imports it: OpenAPI 3.0 with its extensions, from the same table and schemas as everything else. Each
 * method asks for IAM's authorization. What API Gateway holds bodies against is the schema in the dialect that it takes (JSON
 * Schema draft 4), which lacks some conditions: it lets through all that the function accepts, and the function answers the rest.
 *
 * @param integration the address of the function, as API Gateway calls it.
 */
export function gatewayDocument(title: string, version: string, integration: string): Json {
  const paths = Map.groupBy(namesOf(operations), (name) => operations[name].path);
  return {
    openapi: '3.0.1',
    info: { title, version },
    'x-amazon-apigateway-request-validators': { bodies: { validateRequestBody: true, validateRequestParameters: true } },
    'x-amazon-apigateway-request-validator': 'bodies',
    'x-amazon-apigateway-gateway-responses': gatewayResponses(),
    paths: Object.fromEntries(
      [...paths].map(([path, here]) => [
        path,
        Object.fromEntries(here.map((name) => [operations[name].method.toLowerCase(), methodOf(name, operations[name], integration)])),
      ]),
    ),
    components: {
      securitySchemes: {
        sigv4: { type: 'apiKey', name: 'Authorization', in: 'header', 'x-amazon-apigateway-authtype': 'awsSigv4' },
      },
      schemas: Object.fromEntries(
        namesOf(operations).flatMap((name) => {
          const { body }: Operation = operations[name];
          return body === null ? [] : [[modelName(name), bodyModel(body)] as const];
        }),
      ),
    },
  };
}

function methodOf(name: OperationName, { path, body }: Operation, integration: string): Json {
  return {
    operationId: name,
    parameters: [...path.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => ({
      name: parameter,
      in: 'path',
      required: true,
      schema: { type: 'string' },
    })),
    ...(body === null
      ? {}
      : {
          requestBody: { required: true, content: { 'application/json': { schema: { $ref: `#/components/schemas/${modelName(name)}` } } } },
        }),
    // What is answered is the function's to say.
    responses: {},
    security: [{ sigv4: [] }],
    'x-amazon-apigateway-integration': {
      type: 'aws_proxy',
      httpMethod: 'POST',
      uri: integration,
      passthroughBehavior: 'when_no_match',
      timeoutInMillis: 29_000,
    },
  };
}

/** Models are named with letters and digits. */
function modelName(name: OperationName): string {
  return `${name.slice(0, 1).toUpperCase()}${name.slice(1)}Body`;
}

/** The schema of a body in draft 4. Defaults are left out: API Gateway fills none in. */
export function bodyModel(body: z.ZodMiniType): Json {
  const { $schema: _, ...schema } = z.toJSONSchema(body, {
    io: 'input',
    target: 'draft-4',
    override: ({ jsonSchema }) => void delete jsonSchema.default,
  });
  return schema;
}

// ---- what API Gateway answers by itself ----------------------------------------------------------------------------

/** The place of API Gateway's own words: a JSON string, with its quotes. */
const itsWords = '$context.error.messageString';

const resign = 'sign the request with SigV4, for execute-api, with credentials that may call this method';
const again = 'ask again';

const ownAnswers: Readonly<Record<string, readonly [HttpProblem, string]>> = {
  ACCESS_DENIED: ['FORBIDDEN', 'ask for a policy that allows execute-api:Invoke on this method; docs/deploy.md names those of the stack'],
  API_CONFIGURATION_ERROR: ['INTERNAL', 'deploy the stack again'],
  DEFAULT_5XX: ['INTERNAL', again],
  EXPIRED_TOKEN: ['UNAUTHORIZED', resign],
  INTEGRATION_FAILURE: ['INTERNAL', again],
  INTEGRATION_TIMEOUT: ['INTERNAL', again],
  INVALID_SIGNATURE: ['UNAUTHORIZED', resign],
  // Also what a path or a method gets that there is not.
  MISSING_AUTHENTICATION_TOKEN: [
    'UNAUTHORIZED',
    `${resign}; where it is signed, there is nothing at this path (docs/api.md has those that there are)`,
  ],
  QUOTA_EXCEEDED: ['TOO_MANY_REQUESTS', 'wait, and ask again'],
  REQUEST_TOO_LARGE: ['BODY_TOO_LARGE', 'a request says what to build, and carries nothing else'],
  RESOURCE_NOT_FOUND: ['NOT_FOUND', 'see docs/api.md for the paths that there are'],
  THROTTLED: ['TOO_MANY_REQUESTS', 'wait, and ask again'],
  UNAUTHORIZED: ['UNAUTHORIZED', resign],
  UNSUPPORTED_MEDIA_TYPE: ['MEDIA_TYPE', 'send it with content-type: application/json'],
  WAF_FILTERED: ['FORBIDDEN', 'ask from where the rules of this account let you'],
};

/** As problem documents: a client meets one form, whoever answers. */
function gatewayResponses(): Json {
  const invalid = problemOfFailure({ rule: 'REQUEST_INVALID', message: itsWords, remedy: 'see docs/api.md, or schemas/openapi.json' });
  return Object.fromEntries([
    ...Object.entries(ownAnswers).map(
      ([type, [code, remedy]]) => [type, gatewayResponse(problemOfRequest(code, itsWords, remedy))] as const,
    ),
    ...['BAD_REQUEST_BODY', 'BAD_REQUEST_PARAMETERS'].map((type) => [type, gatewayResponse(invalid)] as const),
  ]);
}

function gatewayResponse({ problem }: ProblemAnswer): Json {
  return {
    statusCode: problem.status,
    responseParameters: {
      'gatewayresponse.header.Content-Type': "'application/problem+json'",
      ...(problem.status === 429 ? { 'gatewayresponse.header.Retry-After': "'5'" } : {}),
    },
    responseTemplates: { 'application/json': JSON.stringify(problem).replaceAll(JSON.stringify(itsWords), itsWords) },
  };
}
