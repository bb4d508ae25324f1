import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Request, RequestHandler, Response } from 'express';

/**
 * The headers of every page. Scripts and styles can come only from files of the page's own origin. Pages of other origins cannot embed
 * it, and have no reference to its window.
 */
const HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; " +
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'Cache-Control': 'no-store',
  'Referrer-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

/** Sets the headers of pages, so that refusals have them too. */
export const pageHeaders: RequestHandler = (_request, response, next) => {
  response.set(HEADERS);
  next();
};

const compress = promisify(gzip);

/** Pages from this size on are compressed, in bytes. */
const WORTHWHILE = 1024;

/** Sends a page, compressed if the browser accepts it. A page contains no secret that a compressed length could reveal. */
export async function sendPage(page: string, request: Request, response: Response): Promise<void> {
  const content = Buffer.from(page);
  response.set({
    'Content-Type': 'text/html; charset=utf-8',
    Vary: 'Accept-Encoding, Accept-Language, Cookie',
  });
  if (content.length < WORTHWHILE || request.acceptsEncodings('gzip') !== 'gzip') {
    response.end(content);
    return;
  }
  response.set('Content-Encoding', 'gzip');
  response.end(await compress(content, { level: 5 }));
}
