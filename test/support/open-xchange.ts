import express, { type Express, type RequestHandler } from 'express';

import { sessionSecretGuard, type IdentitySessionManager, type IdentitySessionOptions } from '../../lib';
import {
  openXchange,
  openXchangeRouter,
  type OpenXchangeDialect,
  type OpenXchangeOptions,
  type OpenXchangeRouterOptions,
} from '../../lib/protocols/open-xchange';
import { FakeClock } from './clock';
import { createDatabase, type TestDatabase } from './database';
import { managerOn } from './manager';
import { listenToWire, valuesOf, type RawAnswer, type Wire } from './transcript';

export const FIREFOX = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10.6; rv:2.0.1) Gecko/20100101 Firefox/4.0.1';
export const CHROME =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/65.0.3325.181 Safari/537.36';
export const UI = 'com.openexchange.ox.gui.dhtml';

export interface Arrangement {
  readonly start?: number;
  readonly options?: IdentitySessionOptions;
  readonly protocol?: OpenXchangeOptions;
  readonly router?: Partial<OpenXchangeRouterOptions>;
  readonly framework?: typeof express;
  readonly before?: readonly RequestHandler[];
}

/** An app with the Open-Xchange routes on a database, built anew for every test. The password of all users is `somePassword`. */
export class OpenXchangeApp {
  clock!: FakeClock;
  manager!: IdentitySessionManager;
  dialect!: OpenXchangeDialect;
  app!: Express;
  wire!: Wire;
  database!: TestDatabase;

  /** Registers the set-up and tear-down for the tests of a file. */
  constructor() {
    beforeAll(async () => {
      this.database = await createDatabase();
    });
    beforeEach(async () => {
      // The package warns about cookies without Secure.
      jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
      await this.database.empty();
    });
    afterEach(() => this.#stop());
    afterAll(() => this.database.destroy());
  }

  async arrange({
    start = Date.UTC(2011, 4, 17, 13, 28, 59),
    options = {},
    protocol = {},
    router = {},
    framework = express,
    before = [],
  }: Arrangement = {}): Promise<void> {
    this.clock = new FakeClock(start);
    const home = options.store === undefined ? { knex: this.database.knex } : {};
    this.manager = managerOn({ ...home, clock: this.clock, ...options });
    this.dialect = openXchange(this.manager.settings, protocol);
    const { manager, dialect } = this;

    const app: Express = (this.app = framework());
    app.set('trust proxy', 'loopback');
    for (const handler of before) app.use(handler);
    app.get('/ajax/config/gui', sessionSecretGuard(manager, { dialect }), (request, response) => {
      response.json({ data: request.identitySession?.userId });
    });
    app.all(
      '/ajax/image',
      sessionSecretGuard(manager, { dialect: dialect.forImages }),
      (request, response) => {
        response.json({ data: request.identitySession?.userId });
      },
    );
    const routes = openXchangeRouter(manager, {
      dialect,
      authenticate: (name, password) => {
        const [userId = ''] = name.split('@');
        if (password !== 'somePassword') return undefined;
        const locale = userId === 'anton' ? 'de_DE' : 'en_US';
        return { userId, tenantId: null, userNumber: 3, contextNumber: 1, locale };
      },
      modules: () => ({ mail: true }),
      ...router,
    });
    app.use('/ajax', routes);
    app.use('/appsuite/api', routes);
    this.wire = await listenToWire(app);
  }

  /** Builds the app again with other options within a test. */
  async restart(arrangement: Arrangement): Promise<void> {
    await this.#stop();
    await this.arrange(arrangement);
  }

  /** A client that has not signed in. */
  client(userAgent = FIREFOX, client = UI, jar = new Map<string, string>()): Client {
    return new Client(this.wire, userAgent, client, jar);
  }

  async signedIn(name = 'alice', userAgent = FIREFOX, client = UI): Promise<Client> {
    const one = this.client(userAgent, client);
    await one.login(name);
    expect(one.session).toMatch(/^[0-9a-f]{32}$/);
    return one;
  }

  async #stop(): Promise<void> {
    await this.wire?.close();
    await this.manager?.close();
  }
}

/** A session in a list. */
export interface Listed {
  readonly sessionId: string;
  readonly ipAddress: string;
  readonly client: string;
  readonly userAgent: string;
  readonly loginTime: number;
  readonly lastActive: number;
  readonly device: { readonly displayName: string; readonly client: { readonly type: string } };
}

/** A client program on a device. Several may share a cookie jar. */
export class Client {
  /** The id of its session. */
  session = '';

  constructor(
    readonly wire: Wire,
    readonly userAgent: string,
    readonly client: string,
    readonly jar: Map<string, string>,
  ) {}

  async send(method: string, target: string, body = '', headers: readonly string[] = []): Promise<RawAnswer> {
    const cookies = [...this.jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const lines = [
      `${method} ${target} HTTP/1.1`,
      'Host: localhost',
      'Connection: close',
      `User-Agent: ${this.userAgent}`,
      ...(cookies === '' ? [] : [`Cookie: ${cookies}`]),
      ...(body === '' ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]),
      ...(body === '' || headers.some((line) => line.startsWith('Content-Type')) ? [] : [FORM]),
      ...headers,
    ];
    const answer = await this.wire.send(`${lines.join('\r\n')}\r\n\r\n${body}`);
    for (const line of valuesOf(answer, 'Set-Cookie')) this.#keep(line);
    return answer;
  }

  async login(name = 'alice', further = ''): Promise<RawAnswer> {
    const target = `/ajax/login?action=login&client=${encodeURIComponent(this.client)}${further}`;
    const answer = await this.send('POST', target, `name=${name}&password=somePassword`);
    this.session = json(answer)['session'] as string;
    return answer;
  }

  /** Calls an action of the login module with this client's session. */
  async act(action: string, further = ''): Promise<RawAnswer> {
    return this.send('GET', `/ajax/login?action=${action}&session=${this.session}${further}`);
  }

  async autologin(): Promise<RawAnswer> {
    return this.send('GET', `/ajax/login?action=autologin&client=${this.client}`);
  }

  async use(session = this.session): Promise<RawAnswer> {
    return this.send('GET', `/ajax/config/gui?session=${session}`);
  }

  async all(): Promise<Listed[]> {
    const answer = await this.send('GET', `/ajax/sessionmanagement?action=all&session=${this.session}`);
    return json(answer)['data'] as Listed[];
  }

  async delete(body: string, headers: readonly string[] = []): Promise<RawAnswer> {
    const target = `/ajax/sessionmanagement?action=delete&session=${this.session}`;
    return this.send('PUT', target, body, headers);
  }

  #keep(line: string): void {
    const [pair = '', ...attributes] = line.split('; ');
    const [name = '', value = ''] = pair.split('=');
    // Only in attributes, because a secret may contain these digits.
    if (attributes.some((attribute) => /^expires=.*-1970 /i.test(attribute))) this.jar.delete(name);
    else this.jar.set(name, value);
  }
}

const FORM = 'Content-Type: application/x-www-form-urlencoded';

export function json(answer: RawAnswer): Record<string, unknown> {
  return JSON.parse(Buffer.from(answer.body, 'latin1').toString()) as Record<string, unknown>;
}

export function expectError(
  answer: RawAnswer,
  code: string,
  params: readonly string[] = [],
  status = 200,
): void {
  expect([answer.status, json(answer)]).toEqual([
    status,
    expect.objectContaining({ code, error_params: params, error: expect.any(String) }),
  ]);
  expect(json(answer)['data']).toBeUndefined();
}
