import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';

/** Returns a port that is free at the moment. Pass `below` if a server derives further ports from it by addition. */
export async function freePort(below = 65_536): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port < below ? port : freePort(below);
}
