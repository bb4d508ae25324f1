import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { join } from 'node:path';

import type { Express } from 'express';

/** An HTTP response as received from the socket. */
export interface RawAnswer {
  readonly status: number;
  /** Lower-case names, in the order of the response. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

/** A server that is spoken to byte by byte. */
export interface Wire {
  readonly send: (request: string) => Promise<RawAnswer>;
  readonly close: () => Promise<void>;
}

export async function listenToWire(app: Express): Promise<Wire> {
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    async send(request) {
      const socket = connect(port, '127.0.0.1');
      socket.write(request, 'latin1');
      let answer = '';
      for await (const chunk of socket.setEncoding('latin1')) answer += chunk as string;
      return parsedAnswer(answer);
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** The text of a recorded request or answer. */
export function recorded(name: string): string {
  return readFileSync(join(__dirname, '../transcripts', name), 'latin1');
}

export function valuesOf(answer: RawAnswer, header: string): string[] {
  return answer.headers.filter(([name]) => name === header.toLowerCase()).map(([, value]) => value);
}

/**
 * Replays a recorded conversation. Ids and secrets in the records are placeholders: the first answer that contains one
 * determines the actual value, which replaces it from then on.
 */
export class Conversation {
  readonly #wire: Wire;
  readonly #heard = new Map<string, string>();

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  /** Sends a recorded request. Adds headers that HTTP requires and the records omit. */
  async say(name: string, further: readonly string[] = []): Promise<RawAnswer> {
    const { head, body } = parts(recorded(name));
    const [requestLine = '', ...headers] = head.map((line) => this.#now(line));
    const lines = [requestLine, ...headers, ...further, 'Connection: close'];
    if (!headers.some((line) => /^host:/i.test(line))) lines.push('Host: localhost');
    if (body !== '') lines.push(`Content-Length: ${body.length}`);
    return this.#wire.send(`${lines.join('\r\n')}\r\n\r\n${body}`);
  }

  /** The actual value of a recorded id or secret. */
  now(recordedValue: string): string {
    return this.#heard.get(recordedValue) ?? recordedValue;
  }

  /**
   * Compares an answer with its record: status, recorded headers, recorded cookies and body. Ignores headers about framing and
   * the connection, because they belong to the HTTP server. Dates must equal `date`.
   */
  expectAnswer(
    answer: RawAnswer,
    name: string,
    { date, unrecorded = [] }: { date?: string; unrecorded?: readonly RegExp[] } = {},
  ): void {
    const { head, body } = parts(recorded(name));
    const [statusLine = '', ...headers] = head;
    expect(answer.status).toBe(Number(statusLine.split(' ')[1]));
    const cookies = headers.filter((line) => line.startsWith('Set-Cookie: '));
    for (const line of headers) {
      const [header = '', value = ''] = line.split(/: (.*)/s);
      if (OF_THE_SERVER.test(header) || header === 'Set-Cookie') continue;
      // The package adds directives to the recorded ones.
      const expected = header === 'Cache-Control' ? `no-store, ${value}` : value;
      expect([header, valuesOf(answer, header)]).toEqual([header, [expected]]);
    }
    const came = valuesOf(answer, 'Set-Cookie');
    const known = came.filter((cookie) => !unrecorded.some((form) => form.test(cookie)));
    expect(known).toHaveLength(cookies.length);
    cookies.forEach((line, at) => this.#expectText(known[at]!, line.slice('Set-Cookie: '.length), date));
    this.#expectText(answer.body, dechunked(body), date);
  }

  #expectText(text: string, expected: string, date: string | undefined): void {
    const ids: string[] = [];
    const form = expected
      .trim()
      .split(/(\b[0-9a-f]{32}\b|\w{3}, \d\d-\w{3}-20\d\d \d\d:\d\d:\d\d GMT|\/\* SOME STUFF \*\/[^]*$)/)
      .map((piece) => {
        if (piece.startsWith('/*')) return '[^]*';
        if (/^\w{3}, /.test(piece) && date !== undefined) return escaped(date);
        if (!/^[0-9a-f]{32}$/.test(piece)) return escaped(piece).replace(/ /g, ' ?');
        const known = this.#heard.get(piece);
        if (known !== undefined) return known;
        ids.push(piece);
        return '([0-9a-f]{32})';
      })
      .join('');
    const match = new RegExp(`^${form}$`).exec(text);
    expect({ text, matches: match !== null, form }).toEqual({ text, matches: true, form });
    ids.forEach((id, at) => this.#heard.set(id, match![at + 1]!));
  }

  #now(line: string): string {
    return line.replace(/\b[0-9a-f]{32}\b/g, (id) => this.now(id));
  }
}

const OF_THE_SERVER = /^(Date|Keep-Alive|Connection|Transfer-Encoding)$/i;

/** Splits a record into head and body. Some records have no blank line between them. */
function parts(text: string): { head: string[]; body: string } {
  const lines = text.split('\n');
  const end = lines.findIndex((line, at) => at > 0 && !/^[\w-]+: /.test(line));
  const head = end < 0 ? lines : lines.slice(0, end);
  const body = end < 0 ? [] : lines.slice(end);
  return { head, body: body.join('\n').trim() };
}

/** Removes the chunk length and the last empty chunk that the records show. */
function dechunked(body: string): string {
  return body.replace(/^[0-9a-f]+\n/, '').replace(/\n0$/, '');
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}

function parsedAnswer(text: string): RawAnswer {
  const end = text.indexOf('\r\n\r\n');
  const [statusLine = '', ...lines] = text.slice(0, end).split('\r\n');
  return {
    status: Number(statusLine.split(' ')[1]),
    headers: lines.map((line) => {
      const [name = '', value = ''] = line.split(/: ?(.*)/s);
      return [name.toLowerCase(), value] as const;
    }),
    body: text.slice(end + 4),
  };
}
