import { SealedManifest } from '../builder-record.ts';
import { Classification } from '../classification/verdict.ts';
import { Digest } from '../digest.ts';
import { BuildLine, InputChanges } from '../documents.ts';
import { ExitCode } from '../exit-code.ts';
import { BuildId, BuilderName, RunId, Timestamp } from '../identity.ts';
import { Input, JsonValue } from '../input.ts';
import { namesOf } from '../names-of.ts';
import { BuildState } from '../states.ts';
import { version } from '../version.ts';
import * as z from '../zod.ts';
import { Link } from './api-documents.ts';
import { operationAnswers } from './operation-answers.ts';
import { type Operation, type OperationName, operations } from './operations.ts';
import { problemsOf } from './operation-problems.ts';
import { Problem } from './problem.ts';

type Json = Readonly<Record<string, unknown>>;

/** What stands in several documents, once. */
const shared = {
  BuilderName,
  BuildId,
  BuildLine,
  BuildState,
  Classification,
  Digest,
  ExitCode,
  Input,
  InputChanges,
  JsonValue,
  Link,
  RunId,
  SealedManifest,
  Timestamp,
};

/** The OpenAPI document of the API (3.1), from the table of operations and the schemas that hold requests and answers. */
export function openApi(): Json {
  const names = namesOf(operations);
  const paths = Map.groupBy(names, (name) => operations[name].path);
  return {
    openapi: '3.1.0',
    info: {
      title: 'hybridcore-packer',
      version,
      description:
        'Asks for image builds and follows them. Every error is a problem document (RFC 9457): `code` says which. A path that is not here is answered with 404 NOT_FOUND, another method with 405 METHOD_NOT_ALLOWED.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: 'http://127.0.0.1:8642', description: '`hybridcore-packer serve` on this machine' }],
    security: [{ token: [] }],
    paths: {
      ...Object.fromEntries(
        [...paths].map(([path, here]) => [
          path,
          Object.fromEntries(here.map((name) => [operations[name].method.toLowerCase(), operationOf(name, operations[name])])),
        ]),
      ),
      '/healthz': {
        get: {
          operationId: 'readHealth',
          summary: 'Whether the dispatcher on this machine answers.',
          security: [],
          responses: {
            200: jsonResponse('it does', z.toJSONSchema(z.strictObject({ status: z.literal('ok') })), 'application/json'),
            403: { $ref: `${responsePlace}FORBIDDEN` },
          },
        },
      },
    },
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer', description: 'from the file that `serve` names when it starts' } },
      responses: problemResponses(),
      schemas: components(),
    },
  };
}

function operationOf(name: OperationName, operation: Operation): Json {
  const { summary, parameters, query, body, status } = operation;
  return {
    operationId: name,
    summary,
    parameters: [...parametersIn('path', parameters), ...parametersIn('query', query)],
    ...(body === null ? {} : { requestBody: { required: true, content: { 'application/json': { schema: reference(bodyName(name)) } } } }),
    responses: {
      [status]: jsonResponse('what was asked for', reference(answerName(name)), 'application/json'),
      ...Object.fromEntries([...problemsOf(name)].map(([problem, codes]) => [problem, { $ref: `${responsePlace}${responseName(codes)}` }])),
    },
  };
}

function parametersIn(place: 'path' | 'query', schema: z.ZodMiniType): readonly Json[] {
  const { properties, required } = objectOf(schema);
  return Object.entries(properties).map(([name, each]) => ({
    name,
    in: place,
    required: required.includes(name),
    schema: each,
  }));
}

function jsonResponse(description: string, { $schema: _, ...schema }: Json, type: string): Json {
  return { description, content: { [type]: { schema } } };
}

const responsePlace = '#/components/responses/';

function responseName(codes: readonly string[]): string {
  return codes.join('.');
}

/** Of every set of codes that one status of some operation has. */
function problemResponses(): Json {
  const sets = namesOf(operations).flatMap((name) => [...problemsOf(name).values()]);
  return inOrder(sets.map((codes) => [responseName(codes), problemResponse(codes)] as const));
}

function problemResponse(codes: readonly string[]): Json {
  return jsonResponse(codes.join(', '), { ...reference('Problem'), properties: { code: { enum: codes } } }, 'application/problem+json');
}

// ---- components --------------------------------------------------------------------------------------------------

const place = '#/components/schemas/';

function reference(name: string): Json {
  return { $ref: `${place}${name}` };
}

function answerName(name: OperationName): string {
  return `${initial(name)}Answer`;
}

function bodyName(name: OperationName): string {
  return `${initial(name)}Body`;
}

function initial(name: string): string {
  return `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`;
}

/** Every schema of an answer or a body, and what they share. */
function components(): Json {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries({ ...shared, Problem })) registry.add(schema, { id });
  const names = namesOf(operations);
  for (const name of names) registry.add(operationAnswers[name], { id: answerName(name) });
  const { schemas } = z.toJSONSchema(registry, { uri: (id) => `${place}${id}`, io: 'output' });
  const bodies = names.flatMap((name) => {
    const { body } = operations[name];
    return body === null ? [] : [[bodyName(name), objectOf(body)] as const];
  });
  const all = [...Object.entries(schemas), ...bodies].map(
    ([name, { $schema: _, $id: __, ...schema }]: readonly [string, Json]) => [name, schema] as const,
  );
  return inOrder(all);
}

function inOrder(entries: readonly (readonly [string, Json])[]): Json {
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** The JSON Schema of what a request may send. */
function objectOf(
  schema: z.ZodMiniType,
): Json & { readonly properties: Readonly<Record<string, unknown>>; readonly required: readonly string[] } {
  const { $schema: _, properties = {}, required = [], ...rest } = z.toJSONSchema(schema, { io: 'input' });
  return { ...rest, properties, required };
}
