import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';

import type { Express } from 'express';

export interface RawServer {
  /** Sends a request byte for byte, which client libraries do not allow, and returns the status code. */
  readonly send: (head: string) => Promise<number>;
  readonly close: () => Promise<void>;
}

export async function listenRaw(app: Express): Promise<RawServer> {
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    async send(head) {
      const socket = connect(port, '127.0.0.1');
      socket.write(`${head}\r\nConnection: close\r\n\r\n`, 'latin1');
      let answer = '';
      for await (const chunk of socket.setEncoding('latin1')) answer += chunk as string;
      return Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]);
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
