import express from 'express';
import request from 'supertest';

import { pageHeaders, sendPage } from '../../lib/pages/page-response';
import { satisfies } from '../support/compliance';

const LONG = `<p>${'ä'.repeat(2000)}</p>`;
const app = express();
app.get('/:length', pageHeaders, (req, res) =>
  sendPage(req.params.length === 'long' ? LONG : '<p>ä', req, res),
);

describe('the response with a page', () => {
  it.each([
    ['long', 'gzip', 'gzip'],
    ['long', 'identity', undefined],
    ['short', 'gzip', undefined],
  ])('to a request for a %s page that accepts %s has the encoding %s', async (length, accepted, encoding) => {
    const { headers, text } = await request(app).get(`/${length}`).set('Accept-Encoding', accepted);
    expect(headers['content-encoding']).toBe(encoding);
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(text).toBe(length === 'long' ? LONG : '<p>ä');
  });

  it(
    satisfies(
      'may not be stored, framed, or run code that is not in a file',
      'ASVS 3.4.3',
      'ASVS 3.4.4',
      'ASVS 3.4.5',
      'ASVS 3.4.6',
      'ASVS 3.6.1',
      'ASVS 3.7.1',
    ),
    async () => {
      const { headers } = await request(app).get('/short');
      expect(headers['cache-control']).toBe('no-store');
      const policy = headers['content-security-policy']!;
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toContain('unsafe');
      // Neither scripts, styles and fonts of other hosts, nor plugins.
      for (const source of policy.matchAll(/-src ([^;]*)/g)) expect(source[1]).toMatch(/^'(none|self)'$/);
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['referrer-policy']).toBe('same-origin');
    },
  );

  it(
    satisfies(
      'has no window that pages of other origins could refer to, and cannot be embedded',
      'ASVS 3.4.8',
      'ASVS 3.5.8',
    ),
    async () => {
      const { headers } = await request(app).get('/short');
      expect(headers['cross-origin-opener-policy']).toBe('same-origin');
      expect(headers['cross-origin-resource-policy']).toBe('same-origin');
    },
  );
});
