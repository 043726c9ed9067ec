import { type Server } from 'node:http';

/** Has a server listen on a free port of the loopback interface. */
export async function portOf(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('a server on a port has a number');
  return address.port;
}
