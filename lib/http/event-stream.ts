import type { Response } from 'express';

import type { Clock } from '../clock';
import { PRIVATE } from './rest';

/** The interval at which an idle stream sends a comment, so that proxies keep it open, in milliseconds. */
export const HEARTBEAT = 20_000;

/** Buffers of proxies and compression would hold events back. */
export const STREAM_HEADERS = {
  ...PRIVATE,
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-store, no-transform',
  'X-Accel-Buffering': 'no',
};

/** A server-sent event. */
export interface StreamEvent {
  readonly name: string;
  readonly data: string;
  /** A browser sends the last id back as `Last-Event-ID` when it connects again. */
  readonly id?: string;
}

/** Returns the text of an event. */
export function eventText({ name, data, id }: StreamEvent): string {
  const lines = data.split('\n').map((line) => `data: ${line}\n`);
  return `event: ${name}\n${id === undefined ? '' : `id: ${id}\n`}${lines.join('')}\n`;
}

/** A response with server-sent events. */
export class EventStream {
  readonly #response: Response;
  readonly #clock: Clock;
  #cancelHeartbeat: () => void = () => undefined;

  constructor(response: Response, clock: Clock) {
    this.#response = response;
    this.#clock = clock;
    response.set(STREAM_HEADERS);
    response.write('retry: 2000\n\n');
    response.once('close', () => this.#cancelHeartbeat());
    this.#beat();
  }

  /** True while the client has not received what was sent before. A later event replaces those that are skipped. */
  get isBusy(): boolean {
    return this.#response.writableNeedDrain;
  }

  /** Sends an event. A list that was still being read when the stream ended is not sent. */
  send(event: StreamEvent): void {
    if (this.#response.writableEnded) return;
    this.#response.write(eventText(event));
  }

  end(): void {
    this.#cancelHeartbeat();
    this.#response.end();
  }

  #beat(): void {
    this.#cancelHeartbeat = this.#clock.after(HEARTBEAT, () => {
      this.#response.write(': still here\n\n');
      this.#beat();
    });
  }
}
