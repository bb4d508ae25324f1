import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Express } from 'express';

/** An event that a stream has sent. */
export interface ReceivedEvent {
  readonly name: string;
  readonly id: string | undefined;
  readonly data: string;
}

/** An open stream of server-sent events, and the events that it has received. */
export class EventSource {
  readonly events: ReceivedEvent[] = [];

  private constructor(readonly response: IncomingMessage) {
    let text = '';
    response.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      const [rest = '', ...complete] = text.split('\n\n').reverse();
      text = rest;
      for (const event of complete.reverse()) this.#read(event);
    });
    response.on('error', () => undefined);
  }

  static async open(url: string, headers: Record<string, string>): Promise<EventSource> {
    const [response] = (await once(get(url, { headers }), 'response')) as [IncomingMessage];
    return new EventSource(response);
  }

  /** Resolves when the stream has received this number of events. */
  async received(count: number): Promise<readonly ReceivedEvent[]> {
    while (this.events.length < count) await new Promise((resolve) => setTimeout(resolve, 5));
    return this.events;
  }

  #read(event: string): void {
    const [, name] = /^event: (.*)$/m.exec(event) ?? [];
    const [, id] = /^id: (.*)$/m.exec(event) ?? [];
    const data = Array.from(event.matchAll(/^data: (.*)$/gm), ([, line]) => line).join('\n');
    if (name !== undefined) this.events.push({ name, id, data });
  }
}

/** Starts a server for streams, and returns its URL and a function that stops it. */
export async function streamServer(app: Express): Promise<{ url: string; stop: () => void }> {
  const server: Server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, stop };
}
