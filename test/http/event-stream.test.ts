import express from 'express';

import { EventStream, eventText, HEARTBEAT } from '../../lib/http/event-stream';
import { FakeClock } from '../support/clock';
import { EventSource, streamServer } from '../support/event-source';

describe('eventText', () => {
  it.each([
    [{ name: 'ended', data: '/sign-in' }, 'event: ended\ndata: /sign-in\n\n'],
    [{ name: 'sessions', data: 'a\nb', id: '7' }, 'event: sessions\nid: 7\ndata: a\ndata: b\n\n'],
    [{ name: 'empty', data: '' }, 'event: empty\ndata: \n\n'],
  ])('writes %j as %j', (event, text) => {
    expect(eventText(event)).toBe(text);
  });
});

describe('EventStream', () => {
  let clock: FakeClock;
  let stream: EventStream;
  let source: EventSource;
  let text: string;
  let server: { url: string; stop: () => void };

  beforeEach(async () => {
    clock = new FakeClock();
    const app = express().get('/', (_request, response) => {
      stream = new EventStream(response, clock);
    });
    server = await streamServer(app);
    source = await EventSource.open(server.url, {});
    text = '';
    source.response.on('data', (chunk: string) => (text += chunk));
  });
  afterEach(() => server.stop());

  const until = async (sought: string) => {
    while (!text.includes(sought)) await new Promise((resolve) => setTimeout(resolve, 5));
  };

  it('is not compressed, stored or held back by proxies', () => {
    expect(source.response.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    });
  });

  it('sends events, and comments while it is idle', async () => {
    stream.send({ name: 'one', data: '1' });
    await source.received(1);
    for (let beat = 0; beat < 2; beat++) {
      text = '';
      clock.advance(HEARTBEAT);
      await until(': still here');
    }
    expect(source.events).toEqual([{ name: 'one', data: '1', id: undefined }]);
  });

  it('sends nothing after its end, and no comments', async () => {
    stream.send({ name: 'one', data: '1' });
    stream.end();
    stream.send({ name: 'two', data: '2' });
    clock.advance(HEARTBEAT);
    await new Promise((resolve) => source.response.once('end', resolve));
    expect(source.events).toHaveLength(1);
    expect(text).not.toContain('still here');
  });

  it('is busy while its client reads nothing', async () => {
    expect(stream.isBusy).toBe(false);
    source.response.pause();
    for (let sent = 0; !stream.isBusy && sent < 1000; sent++) {
      stream.send({ name: 'large', data: 'x'.repeat(65_536) });
    }
    expect(stream.isBusy).toBe(true);
    source.response.resume();
    while (stream.isBusy) await new Promise((resolve) => setTimeout(resolve, 5));
  });
});
