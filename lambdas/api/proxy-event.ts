import { type ApiRequest } from '../../core/api/dispatcher.ts';
import * as z from '../../core/zod.ts';

const Texts = z.nullable(z.record(z.string(), z.optional(z.string())));

/**
 * What API Gateway hands over for a request (Lambda proxy integration of a REST API, payload 1.0), as far as it matters here.
 * The method, the resource and who asks are API Gateway's own words; all else is the caller's.
 */
const ProxyEvent = z.object({
  httpMethod: z.string(),
  /** As the API declares it: `/builders/{name}`. */
  resource: z.string(),
  /** Decoded. */
  pathParameters: Texts,
  headers: Texts,
  /** Decoded. */
  multiValueQueryStringParameters: z.nullable(z.record(z.string(), z.optional(z.array(z.string())))),
  body: z.nullable(z.string()),
  isBase64Encoded: z.boolean(),
  requestContext: z.object({ identity: z.object({ userArn: z.nullable(z.string()) }) }),
});

/**
 * The request that API Gateway was sent. The path is put together from its resource and parameters: what the event calls the
 * path depends on the domain that was asked.
 *
 * @returns `by` empty where nobody signed it; undefined for what is no event of a REST API.
 */
export function requestOf(event: unknown): ApiRequest | undefined {
  const parsed = ProxyEvent.safeParse(event);
  if (!parsed.success) return undefined;
  const { httpMethod, resource, pathParameters, headers, multiValueQueryStringParameters, body, isBase64Encoded, requestContext } =
    parsed.data;
  const path = resource.replace(/\{([^{}]+)\}/g, (_, name: string) => encodeURIComponent(pathParameters?.[name] ?? ''));
  const query = new URLSearchParams(
    Object.entries(multiValueQueryStringParameters ?? {}).flatMap(([name, values = []]) =>
      values.map((value): [string, string] => [name, value]),
    ),
  ).toString();
  return {
    method: httpMethod,
    target: query === '' ? path : `${path}?${query}`,
    contentType: Object.entries(headers ?? {}).find(([name]) => name.toLowerCase() === 'content-type')?.[1],
    body: Buffer.from(body ?? '', isBase64Encoded ? 'base64' : 'utf8'),
    by: requestContext.identity.userArn ?? '',
  };
}
