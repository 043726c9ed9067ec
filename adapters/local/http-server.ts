import { createReadStream } from 'node:fs';
import { type IncomingMessage, type Server, STATUS_CODES, type ServerResponse, createServer } from 'node:http';
import { pipeline } from 'node:stream/promises';

import { largestBody, refusal } from '../../core/api/answer-api.ts';
import { type ApiAnswer, type ApiRequest } from '../../core/api/dispatcher.ts';
import { problemOfRequest } from '../../core/api/problem.ts';
import { showsToken } from './api-token.ts';
import { type SignedLinks, linksPath } from './signed-links.ts';

/** How long a client may take, and how often that is looked at: without `check` it would be every 30 seconds. Milliseconds. */
const usualPatience = { headers: 10_000, request: 30_000, idle: 60_000, check: 1_000 } as const;

/** What the request line and the headers have at most, in bytes. */
const largestHeaders = 16 * 1024;

export interface ApiServerOptions {
  readonly token: string;
  readonly links: SignedLinks;
  /** Who is taken to ask: whoever has the token is that user. */
  readonly by: string;
  readonly answer: (request: ApiRequest) => Promise<ApiAnswer>;
  /** Gets a line for each request: no header, no query, no body. */
  readonly log: (line: string) => void;
  /** Milliseconds, for the times in the lines. */
  readonly now: () => number;
  /** How long a client may take; as for everybody where it is left out. */
  readonly patience?: { readonly [Name in keyof typeof usualPatience]: number };
}

export interface ApiServer {
  /** As it listens: `http://127.0.0.1:8642`. */
  readonly address: string;
  /** Takes no more requests, and waits for the answers to those that it has. */
  stop(): Promise<void>;
}

/**
 * Serves the API on the loopback interface. A request needs the token, and is refused where it names another host or comes
 * from a web page: a browser on this machine must not be led here.
 *
 * @throws Error where the port is taken.
 */
export async function serveApi(place: { readonly host: string; readonly port: number }, options: ApiServerOptions): Promise<ApiServer> {
  const patience = options.patience ?? usualPatience;
  const server = createServer({
    requestTimeout: patience.request,
    headersTimeout: patience.headers,
    keepAliveTimeout: patience.idle,
    connectionsCheckingInterval: patience.check,
    maxHeaderSize: largestHeaders,
    // Who names no host is refused below, with a problem document as anyone else.
    requireHostHeader: false,
  });
  server.on('clientError', (cause, socket) => {
    if (socket.writable) socket.end(noRequest(cause));
    else socket.destroy();
  });
  let address = '';
  server.on('request', (request, response) => {
    const began = options.now();
    response.on('close', () => {
      const path = (request.url ?? '').split('?')[0]?.slice(0, 200);
      options.log(
        `${request.method} ${path} ${response.writableFinished ? response.statusCode : 'broken off'} ${options.now() - began} ms`,
      );
    });
    respond(options, address, request, response).catch(() => response.destroy());
  });
  await listening(server, place);
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('the server listens on no port');
  address = `http://${place.host.includes(':') ? `[${place.host}]` : place.host}:${bound.port}`;
  return {
    address,
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      await closed;
    },
  };
}

function listening(server: Server, { host, port }: { readonly host: string; readonly port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function respond(options: ApiServerOptions, address: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const target = request.url ?? '';
  const strange = strangerOf(request, address);
  if (strange !== undefined) return say(response, strange);
  if (target.split('?')[0] === '/healthz') return say(response, health(request.method));
  if (target.startsWith(linksPath) && request.method === 'GET') return sendObject(options, target, response);
  if (!showsToken(request.headers.authorization, options.token))
    return say(
      response,
      refusal(
        problemOfRequest(
          'UNAUTHORIZED',
          'the request shows no token, or a wrong one',
          'send the header authorization: Bearer TOKEN; `serve` said which file has it',
          {
            'www-authenticate': 'Bearer',
          },
        ),
      ),
    );
  const body = await bodyOf(request);
  if (body === undefined) {
    say(
      response,
      refusal(
        problemOfRequest(
          'BODY_TOO_LARGE',
          `the body has more than ${largestBody} bytes`,
          'a request says what to build, and carries nothing else',
        ),
      ),
    );
    // Who is still sending it would not get the answer if the connection closed; the rest goes nowhere.
    request.resume();
    return;
  }
  const { 'content-type': contentType } = request.headers;
  return say(response, await options.answer({ method: request.method ?? '', target, contentType, body, by: options.by }));
}

function health(method: string | undefined): ApiAnswer {
  if (method === 'GET') return { status: 200, headers: { 'content-type': 'application/json' }, body: '{"status":"ok"}\n' };
  return refusal(problemOfRequest('METHOD_NOT_ALLOWED', 'this path is asked with GET', 'ask with GET', { allow: 'GET' }));
}

/** The answer, as it goes over the wire, to what never became a request. */
function noRequest(cause: Error): string {
  const code = 'code' in cause ? cause.code : undefined;
  const { status, headers, body } = refusal(
    code === 'HPE_HEADER_OVERFLOW'
      ? problemOfRequest(
          'HEADERS_TOO_LARGE',
          `the path and the headers have more than ${largestHeaders} bytes`,
          'send fewer or shorter ones',
        )
      : code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? problemOfRequest('TOO_SLOW', 'the request did not come to its end in time', 'send it again, in one go')
        : problemOfRequest('NOT_HTTP', 'what came is no request of HTTP/1.1', 'ask with a client that speaks it'),
  );
  const lines = Object.entries({ ...headers, 'content-length': `${Buffer.byteLength(body)}`, connection: 'close' });
  return [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines.map(([name, value]) => `${name}: ${value}`), '', body].join('\r\n');
}

/** Who names another host was led here by a name that means this machine today; who sends an origin is a web page. */
function strangerOf({ headers }: IncomingMessage, address: string): ApiAnswer | undefined {
  const { port } = new URL(address);
  const hosts = ['127.0.0.1', 'localhost', '[::1]'].map((name) => `${name}:${port}`);
  if (hosts.includes((headers.host ?? '').toLowerCase()) && headers.origin === undefined) return undefined;
  return refusal(
    problemOfRequest(
      'FORBIDDEN',
      'the request names another host, or comes from a web page',
      `ask ${address} from a program on this machine`,
    ),
  );
}

/** Undefined where it is larger than any request. */
async function bodyOf(request: IncomingMessage): Promise<Uint8Array | undefined> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of request.iterator({ destroyOnReturn: false })) {
    if (!Buffer.isBuffer(piece)) continue;
    size += piece.length;
    if (size > largestBody) return undefined;
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function say(response: ServerResponse, { status, headers, body }: ApiAnswer): void {
  response.writeHead(status, {
    ...headers,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(body);
}

async function sendObject({ links }: ApiServerOptions, target: string, response: ServerResponse): Promise<void> {
  const found = await links.open(target).catch(() => undefined);
  if (found === undefined)
    return say(
      response,
      refusal(problemOfRequest('FORBIDDEN', 'this link is not one of ours, or no longer holds', 'ask the API for another')),
    );
  response.writeHead(200, {
    'content-type': 'application/octet-stream',
    'content-length': found.size,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  await pipeline(createReadStream(found.file), response);
}
