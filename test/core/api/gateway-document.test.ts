import AjvDraft4, { type ValidateFunction } from 'ajv-draft-04';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { accessLogLine, bodyModel, gatewayDocument } from '../../../core/api/gateway-document.ts';
import { type Operation, type OperationName, operations } from '../../../core/api/operations.ts';
import { Problem } from '../../../core/api/problem.ts';
import { namesOf } from '../../../core/names-of.ts';
import * as z from '../../../core/zod.ts';
import { apiRequests } from '../../fixtures/api-requests.ts';
import { buildIdOf } from '../../fixtures/records.ts';

const integration = 'arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/api/invocations';

const Method = z.object({
  operationId: z.string(),
  parameters: z.array(z.object({ name: z.string(), in: z.literal('path'), required: z.literal(true) })),
  requestBody: z.optional(
    z.object({ required: z.boolean(), content: z.object({ 'application/json': z.object({ schema: z.object({ $ref: z.string() }) }) }) }),
  ),
  security: z.array(z.record(z.string(), z.array(z.string()))),
  'x-amazon-apigateway-integration': z.object({ type: z.string(), httpMethod: z.string(), uri: z.string(), timeoutInMillis: z.number() }),
});
const GatewayResponse = z.object({
  statusCode: z.number(),
  responseParameters: z.record(z.string(), z.string()),
  responseTemplates: z.record(z.string(), z.string()),
});
const document = z
  .looseObject({
    paths: z.record(z.string(), z.record(z.string(), Method)),
    'x-amazon-apigateway-gateway-responses': z.record(z.string(), GatewayResponse),
    components: z.object({
      schemas: z.record(z.string(), z.record(z.string(), z.unknown())),
      securitySchemes: z.record(z.string(), z.record(z.string(), z.string())),
    }),
  })
  .parse(gatewayDocument('images', '1.0.0', integration));

const methods = Object.entries(document.paths).flatMap(([path, here]) =>
  Object.entries(here).map(([method, about]) => ({ path, method: method.toUpperCase(), ...about })),
);

interface WithBody {
  readonly name: OperationName;
  readonly body: z.ZodMiniType;
  /** Whether what API Gateway holds a body against lets it through, by a validator of draft 4. */
  readonly model: ValidateFunction;
}
const withBody: readonly WithBody[] = namesOf(operations).flatMap((name) => {
  const { body }: Operation = operations[name];
  return body === null ? [] : [{ name, body, model: new AjvDraft4.default().compile(bodyModel(body)) }];
});
const ofOperation = (name: OperationName): WithBody => {
  const found = withBody.find((each) => each.name === name);
  if (found === undefined) throw new Error(`${name} takes no body`);
  return found;
};

describe('what API Gateway imports', () => {
  it('has every operation, at its path and under its name, and nothing else', () => {
    const expected = namesOf(operations).map((name) => `${operations[name].method} ${operations[name].path} ${name}`);
    expect(methods.map(({ method, path, operationId }) => `${method} ${path} ${operationId}`).toSorted()).toEqual(expected.toSorted());
  });

  it('asks for a signature of IAM with every method, and sends each to the function', () => {
    expect(document.components.securitySchemes['sigv4']).toMatchObject({ 'x-amazon-apigateway-authtype': 'awsSigv4' });
    for (const { operationId, security, 'x-amazon-apigateway-integration': to } of methods) {
      expect(security, operationId).toEqual([{ sigv4: [] }]);
      expect(to, operationId).toEqual({ type: 'aws_proxy', httpMethod: 'POST', uri: integration, timeoutInMillis: 29_000 });
    }
  });

  it('declares what stands in a path, and a model for what has a body', () => {
    for (const { operationId, path, parameters, requestBody } of methods) {
      expect(parameters.map(({ name }) => `{${name}}`).join(), operationId).toBe((path.match(/\{\w+\}/g) ?? []).join());
      const model = requestBody?.content['application/json'].schema.$ref.split('/').at(-1);
      expect(model !== undefined, operationId).toBe(withBody.some(({ name }) => name === operationId));
      if (model !== undefined) expect(Object.keys(document.components.schemas)).toContain(model);
    }
  });

  it('names models with letters and digits alone, as it has to', () => {
    for (const name of Object.keys(document.components.schemas)) expect(name).toMatch(/^[A-Za-z0-9]+$/);
  });
});

describe('what API Gateway holds a body against', () => {
  it('lets through every body that the function accepts', () => {
    const known = { builders: ['base'], builds: [1, 2].map(buildIdOf) };
    const seen = new Map<OperationName, number>();
    fc.assert(
      fc.property(apiRequests(known), ({ target, body }) => {
        const document = jsonOf(body);
        for (const { name, body: schema, model } of withBody) {
          if (
            document === undefined ||
            !target.includes(operations[name].path.split('/').at(-1) ?? '') ||
            !schema.safeParse(document).success
          )
            continue;
          expect(model(document), JSON.stringify({ name, document, errors: model.errors })).toBe(true);
          seen.set(name, (seen.get(name) ?? 0) + 1);
        }
      }),
      { numRuns: 10_000 },
    );
    for (const { name } of withBody) expect(seen.get(name) ?? 0, name).toBeGreaterThan(20);
  });

  it.each<readonly [OperationName, unknown, string]>([
    ['requestBuild', [], 'what is no object'],
    ['requestBuild', { builder: 'base' }, 'a key that there is not: the builder stands in the path'],
    ['requestBuild', { only_if_changed: 'yes' }, 'another type'],
    ['requestBuild', { client_token: 'with blanks' }, 'another form'],
    ['requestBuild', { variables: { region: 1 } }, 'a variable that is no text'],
    ['publish', { build: 'newest' }, 'no id of a build'],
    ['releaseQuarantine', {}, 'a key that is missing'],
    ['releaseQuarantine', { reason: '' }, 'a text that is too short'],
  ])('refuses of %s %j: %s', (name, body) => {
    const { body: schema, model } = ofOperation(name);
    expect([model(body), schema.safeParse(body).success]).toEqual([false, false]);
  });

  it.each<readonly [OperationName, unknown, string]>([
    ['publish', {}, 'which of two keys there is to be'],
    ['requestBuild', { variables: { '1st': 'x' } }, 'the form of keys'],
    ['requestBuild', { variables: { a: 'x'.repeat(3000), b: 'x'.repeat(3000) } }, 'how much there is in all'],
  ])('leaves to the function of %s %j what draft 4 cannot say: %s', (name, body) => {
    const { body: schema, model } = ofOperation(name);
    expect([model(body), schema.safeParse(body).success]).toEqual([true, false]);
  });
});

describe('what API Gateway answers by itself', () => {
  const responses = Object.entries(document['x-amazon-apigateway-gateway-responses']);

  it.each(responses)('%s is a problem document', (_, { statusCode, responseParameters, responseTemplates }) => {
    const template = responseTemplates['application/json'] ?? '';
    // API Gateway puts in a JSON string, with its quotes.
    const problem = Problem.parse(JSON.parse(template.replaceAll('$context.error.messageString', '"its \\"own\\" words"')));
    expect(problem).toMatchObject({ status: statusCode, detail: 'its "own" words', faults: [{ message: 'its "own" words' }] });
    expect(responseParameters['gatewayresponse.header.Content-Type']).toBe("'application/problem+json'");
    expect('gatewayresponse.header.Retry-After' in responseParameters).toBe(statusCode === 429);
  });

  it('has an answer for each type that this API may meet: every 4xx by its name, and every 5xx', () => {
    // "Gateway response types for API Gateway" (API Gateway Developer Guide), but for those of API keys and authorizers, of which it has none.
    expect(responses.map(([type]) => type)).toEqual(
      expect.arrayContaining([
        'ACCESS_DENIED',
        'BAD_REQUEST_BODY',
        'BAD_REQUEST_PARAMETERS',
        'DEFAULT_5XX',
        'EXPIRED_TOKEN',
        'INVALID_SIGNATURE',
        'MISSING_AUTHENTICATION_TOKEN',
        'QUOTA_EXCEEDED',
        'REQUEST_TOO_LARGE',
        'RESOURCE_NOT_FOUND',
        'THROTTLED',
        'UNAUTHORIZED',
        'UNSUPPORTED_MEDIA_TYPE',
        'WAF_FILTERED',
      ]),
    );
  });

  it('says by its code what is to be done about it', () => {
    const codes = responses.map(([type, { responseTemplates }]) => [
      type,
      /problem:(\w+)/.exec(responseTemplates['application/json'] ?? '')?.[1],
    ]);
    expect(Object.fromEntries(codes)).toMatchObject({
      ACCESS_DENIED: 'FORBIDDEN',
      BAD_REQUEST_BODY: 'REQUEST_INVALID',
      INTEGRATION_TIMEOUT: 'INTERNAL',
      INVALID_SIGNATURE: 'UNAUTHORIZED',
      THROTTLED: 'TOO_MANY_REQUESTS',
    });
  });
});

describe('the access log', () => {
  it('has who asked for what, how it was answered and how long it took', () => {
    expect(Object.values(accessLogLine)).toEqual(
      expect.arrayContaining(
        ['identity.userArn', 'httpMethod', 'path', 'status', 'responseLatency', 'requestId'].map((name) => `$context.${name}`),
      ),
    );
  });

  it('has nothing that may hold a secret: no query, no header, no body, no credentials', () => {
    for (const variable of Object.values(accessLogLine))
      expect(variable).toMatch(
        /^\$context\.(?:requestTime|requestId|identity\.(?:userArn|sourceIp)|httpMethod|path|status|error\.responseType|responseLatency)$/,
      );
  });
});

function jsonOf(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    return undefined;
  }
}
