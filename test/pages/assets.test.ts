import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import express from 'express';
import request from 'supertest';

import { assetLinks, serveAsset } from '../../lib/pages/assets';

const app = express().get('/assets/:file', serveAsset);
const [style, script] = [...String(assetLinks('')).matchAll(/"(\/assets\/[^"]+)"/g)].map(([, path]) => path!);

describe('the files of the pages', () => {
  it.each([
    [style!, 'text/css; charset=utf-8', 'pages.css'],
    [script!, 'text/javascript; charset=utf-8', 'pages.js'],
  ])('%s is served compressed and plain', async (path, type, file) => {
    const content = readFileSync(join(__dirname, '../../lib/pages/assets', file), 'utf8');
    for (const encoding of ['gzip', 'identity']) {
      const { headers, text } = await request(app).get(path).set('Accept-Encoding', encoding);
      expect(headers['content-type']).toBe(type);
      expect(headers['content-encoding']).toBe(encoding === 'gzip' ? 'gzip' : undefined);
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(text ?? '').toBe(content);
    }
  });

  it.each(['/assets/pages.css', '/assets/..%2Fassets.js', '/assets/__proto__'])(
    'does not include %s',
    async (path) => {
      expect((await request(app).get(path)).status).toBe(404);
    },
  );

  it.each(['pages.css', 'pages.js', 'identity-sessions.js'])(
    '%s has at most 8 KB when it is compressed',
    (file) => {
      const content = readFileSync(join(__dirname, '../../lib/pages/assets', file));
      expect(gzipSync(content).length).toBeLessThanOrEqual(8192);
    },
  );

  it('contain no address of another site', () => {
    for (const file of ['pages.css', 'pages.js', 'identity-sessions.js']) {
      expect(readFileSync(join(__dirname, '../../lib/pages/assets', file), 'utf8')).not.toMatch(
        /https?:|url\(|@import/,
      );
    }
  });
});
