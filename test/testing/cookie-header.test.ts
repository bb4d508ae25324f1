import express from 'express';
import request from 'supertest';

import { cookieHeader } from '../../lib/testing';

const LINES = [
  '__Host-Http-identity=a.b; Path=/; HttpOnly; Secure; SameSite=Lax',
  'name=alice; Max-Age=60',
  'old=; Path=/; Max-Age=0',
  'older=; Expires=Thu, 01 Jan 1970 00:00:00 GMT',
];

describe('cookieHeader', () => {
  it('returns the cookies of a response of supertest, without those that it clears', async () => {
    const app = express().get('/', (_req, res) => void res.append('Set-Cookie', LINES).end());
    expect(cookieHeader(await request(app).get('/'))).toBe('__Host-Http-identity=a.b; name=alice');
  });

  it('returns the cookies of a response of fetch', () => {
    const headers = new Headers(LINES.map((line): [string, string] => ['Set-Cookie', line]));
    expect(cookieHeader(new Response(null, { headers }))).toBe('__Host-Http-identity=a.b; name=alice');
  });

  it('returns an empty text for a response without cookies', async () => {
    const app = express().get('/', (_req, res) => void res.end());
    expect(cookieHeader(await request(app).get('/'))).toBe('');
    expect(cookieHeader(new Response(null))).toBe('');
  });
});
