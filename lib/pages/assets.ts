import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { RequestHandler } from 'express';

import { fingerprint } from '../http/fingerprint';
import { html, type Html } from './parts/html';

/** A file that pages load, with its content for browsers. */
interface Asset {
  /** The name with a hash of the content, so that a browser can cache the file forever. */
  readonly name: string;
  readonly type: string;
  readonly content: Buffer;
  readonly compressed: Buffer;
}

const TYPES: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
};

function assetOf(file: string): Asset {
  const content = readFileSync(join(__dirname, 'assets', file));
  const [stem = '', extension = ''] = file.split('.');
  const name = `${stem}.${fingerprint(content)}.${extension}`;
  return { name, type: TYPES[extension]!, content, compressed: gzipSync(content) };
}

const STYLE = assetOf('pages.css');
const SCRIPT = assetOf('pages.js');
const ASSETS = new Map([STYLE, SCRIPT].map((asset) => [asset.name, asset]));

/** Returns the elements that load style and script from a mounted page. */
export function assetLinks(base: string): Html {
  return html`<link rel="stylesheet" href="${base}/assets/${STYLE.name}" />
    <script src="${base}/assets/${SCRIPT.name}" type="module"></script>`;
}

/** Serves the files by their names with a hash. They contain nothing secret and need no session. */
export const serveAsset: RequestHandler<{ file: string }> = (request, response, next) => {
  const asset = ASSETS.get(request.params.file);
  if (asset === undefined) return next();
  const gzip = request.acceptsEncodings('gzip') === 'gzip';
  response.set({
    'Content-Type': asset.type,
    'Cache-Control': 'public, max-age=31536000, immutable',
    'X-Content-Type-Options': 'nosniff',
    Vary: 'Accept-Encoding',
    ...(gzip && { 'Content-Encoding': 'gzip' }),
  });
  response.end(gzip ? asset.compressed : asset.content);
};
