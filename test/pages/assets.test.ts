import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import express from 'express';
import request from 'supertest';
import ts from 'typescript';
import { satisfies } from '../support/compliance';

import { assetLinks, serveAsset } from '../../lib/pages/assets';
import { sample } from '../source/sources';
import { nodesOf, parsed } from '../source/syntax';

const app = express().get('/assets/:file', serveAsset);
const [style, script] = [...String(assetLinks('')).matchAll(/"(\/assets\/[^"]+)"/g)].map(([, path]) => path!);

const SCRIPTS = ['pages.js', 'identity-sessions.js'];

/** The properties that browsers define. A page can add others, by the names and ids of its elements. */
const OF_BROWSERS = [
  'activeElement',
  'addEventListener',
  'createElement',
  'documentElement',
  'getElementById',
  'hidden',
  'querySelector',
  'querySelectorAll',
  'removeEventListener',
];

const textOf = (file: string) => readFileSync(join(__dirname, '../../lib/pages/assets', file), 'utf8');

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

  it(satisfies('contain no address of another site', 'ASVS 3.6.1'), () => {
    for (const file of ['pages.css', 'pages.js', 'identity-sessions.js']) {
      expect(textOf(file)).not.toMatch(/https?:|url\(|@import/);
    }
  });

  it(satisfies('are the same for all users', 'ASVS 3.5.7'), async () => {
    const get = (cookie: string) => request(app).get(script!).set('Cookie', cookie);
    const [alice, bob] = [await get('__Host-Http-identity=a.a'), await get('__Host-Http-identity=b.b')];
    expect(alice.text).toBe(bob.text);
    expect(alice.headers).not.toHaveProperty('set-cookie');
  });

  it.each(SCRIPTS)(
    satisfies('%s reads and sets no property of the window or the document by a global name', 'ASVS 3.2.3'),
    (file) => {
      const source = sample(file, textOf(file))[0]!;
      const accesses = nodesOf(parsed(source)).filter(ts.isPropertyAccessExpression);
      const used = accesses
        .filter(({ expression }) =>
          ['window', 'document', 'globalThis', 'self'].includes(expression.getText()),
        )
        .map(({ name }) => name.text);
      expect(used.length).toBeGreaterThan(0);
      expect(used.filter((name) => !OF_BROWSERS.includes(name))).toEqual([]);
    },
  );

  it.each(SCRIPTS)(
    satisfies('%s neither sends nor receives messages between windows', 'ASVS 3.5.5'),
    (file) => {
      expect(textOf(file)).not.toMatch(/postMessage|onmessage|['"]message['"]|opener/);
    },
  );
});
