import type { Request } from 'express';
import express from 'express';

import { memory, rest, sessionOf, type IdentitySessionManager } from '../../lib';
import { checkWritable, toExpressRequest, verifyOpening } from '../../lib/http/opening-request';
import { bearerOf, cookieOf } from '../support/credentials';
import { managerOn } from '../support/manager';
import { refusal } from '../support/nodes';

let manager: IdentitySessionManager;

beforeEach(() => {
  manager = managerOn({ store: memory() });
});
afterEach(() => manager.close());

/** A request that opens a connection, as Node.js passes it to listeners of `upgrade`. */
function opening(headers: Record<string, string>): Request {
  const incoming = { method: 'GET', url: '/', headers, socket: { remoteAddress: '192.0.2.1' } };
  return toExpressRequest(incoming as never, express());
}

const verify = (headers: Record<string, string>) =>
  verifyOpening(opening(headers), manager, rest(manager.settings));

describe('verifyOpening', () => {
  it('returns the session of the credentials and sets it on the request', async () => {
    const opened = await manager.open({ userId: 'alice' });
    const request = opening({ cookie: cookieOf(opened) });
    const session = await verifyOpening(request, manager, rest(manager.settings));
    expect([session.userId, sessionOf(request)]).toEqual(['alice', session]);
    expect(request.ip).toBe('192.0.2.1');
  });

  it('refuses a request without credentials', async () => {
    await expect(verify({})).rejects.toEqual(refusal('credentials-missing'));
  });

  it('refuses a cookie from another site although the method is GET, and accepts a token', async () => {
    const opened = await manager.open({ userId: 'alice' });
    const foreign = { host: 'app.example.com', origin: 'https://evil.example' };
    await expect(verify({ ...foreign, cookie: cookieOf(opened) })).rejects.toEqual(refusal('cross-site'));
    expect((await verify({ ...foreign, authorization: bearerOf(opened) })).userId).toBe('alice');
  });
});

it('checkWritable throws a TypeError that names the verb for a dialect for reading only', () => {
  const dialect = rest(manager.settings);
  expect(() => checkWritable('upgradeGuard', dialect)).not.toThrow();
  expect(() => checkWritable('upgradeGuard', { ...dialect, readOnly: true })).toThrow(/^upgradeGuard cannot/);
});
