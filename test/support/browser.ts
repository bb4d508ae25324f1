import type { Express } from 'express';
import request, { type Response, type Test } from 'supertest';

/**
 * A browser with a cookie jar. The agent of supertest drops `Secure` cookies, because it uses plain HTTP. A real browser in
 * front of a proxy with TLS keeps them, and so does this one.
 */
export class Browser {
  readonly #app: Express | string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly cookies = new Map<string, string>();

  constructor(app: Express | string, headers: Record<string, string> = {}) {
    this.#app = app;
    this.#headers = headers;
  }

  get(path: string): Promise<Response> {
    return this.#send(request(this.#app).get(path));
  }

  post(path: string, body?: string | object): Promise<Response> {
    return this.postFrom('same-origin', path, body);
  }

  /** Posts a form of a page of this or another site. */
  postFrom(site: 'same-origin' | 'cross-site', path: string, body?: string | object): Promise<Response> {
    return this.#send(request(this.#app).post(path).set('Sec-Fetch-Site', site).send(body));
  }

  /** Posts a form of the page at `page`. */
  postOn(page: string, path: string, body?: string | object): Promise<Response> {
    const test = request(this.#app).post(path);
    void test.set({ 'Sec-Fetch-Site': 'same-origin', Host: 'app.test', Referer: `https://app.test${page}` });
    return this.#send(test.send(body));
  }

  put(path: string, body?: string | object): Promise<Response> {
    return this.#send(request(this.#app).put(path).set('Sec-Fetch-Site', 'same-origin').send(body));
  }

  patch(path: string, body?: string | object): Promise<Response> {
    return this.#send(request(this.#app).patch(path).set('Sec-Fetch-Site', 'same-origin').send(body));
  }

  delete(path: string): Promise<Response> {
    return this.#send(request(this.#app).delete(path).set('Sec-Fetch-Site', 'same-origin'));
  }

  /** The `Cookie` header of the next request. */
  get cookieHeader(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  async #send(test: Test): Promise<Response> {
    void test.set(this.#headers);
    if (this.cookies.size > 0) void test.set('Cookie', this.cookieHeader);
    const response = await test;
    this.keep(response);
    return response;
  }

  /** Keeps the cookies of a response. */
  protected keep(response: Response): void {
    for (const line of response.get('Set-Cookie') ?? []) {
      const [pair = '', ...attributes] = line.split('; ');
      const [name = '', value = ''] = pair.split(/=(.*)/s);
      const expired = attributes.some((attribute) =>
        /^(Max-Age=0|expires=Thu, 01-Jan-1970 .*)$/.test(attribute),
      );
      if (expired) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
  }
}
