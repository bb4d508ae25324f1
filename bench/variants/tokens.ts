import { randomBytes } from 'node:crypto';

import express, { type Express, type Request } from 'express';

import { peer } from './peers';
import { noCleanup, requestedUser, type Variant } from './variant';

/** Signs a token for a user, and returns the user of a valid token. */
interface Tokens {
  readonly sign: (userId: string) => string | Promise<string>;
  readonly verify: (token: string) => string | Promise<string>;
}

interface FastJwt {
  readonly createSigner: (options: object) => (payload: object) => string;
  readonly createVerifier: (options: object) => (token: string) => { readonly sub: string };
}

interface Jose {
  readonly generateKeyPair: (
    algorithm: string,
  ) => Promise<{ readonly privateKey: object; readonly publicKey: object }>;
  readonly jwtVerify: (token: string, key: object) => Promise<{ readonly payload: { readonly sub: string } }>;
  readonly SignJWT: new (payload: object) => {
    setProtectedHeader(header: object): { sign(key: object): Promise<string> };
  };
}

function fastJwtTokens(cache: boolean): Tokens {
  const { createSigner, createVerifier } = peer<FastJwt>('fast-jwt');
  const key = randomBytes(32).toString('hex');
  const sign = createSigner({ key });
  const verify = createVerifier({ key, cache: cache && 20_000 });
  return { sign: (userId) => sign({ sub: userId }), verify: (token) => verify(token).sub };
}

async function joseTokens(alg: 'HS256' | 'ES256'): Promise<Tokens> {
  const { generateKeyPair, jwtVerify, SignJWT } = peer<Jose>('jose');
  const secret = randomBytes(32);
  const keys = { privateKey: secret, publicKey: secret };
  const { privateKey, publicKey } = alg === 'HS256' ? keys : await generateKeyPair(alg);
  return {
    sign: (sub) => new SignJWT({ sub }).setProtectedHeader({ alg }).sign(privateKey),
    verify: async (token) => (await jwtVerify(token, publicKey)).payload.sub,
  };
}

/** An app whose sessions are signed tokens in a cookie. Nobody can end such a session before it expires. */
function withTokens(name: string, make: () => Tokens | Promise<Tokens>): Variant {
  return {
    name,
    async start() {
      return { app: tokenApp(await make()), stop: noCleanup };
    },
  };
}

function tokenApp({ sign, verify }: Tokens): Express {
  const app = express();
  app.post('/sign-in', async (request, response) => {
    const userId = requestedUser(request);
    response.setHeader('Set-Cookie', COOKIE + (await sign(userId)));
    response.json({ userId });
  });
  app.use((request, _response, next) => {
    const verified = verify(tokenIn(request));
    const pass = (userId: string) => {
      (request as Signed).userId = userId;
      next();
    };
    if (typeof verified === 'string') pass(verified);
    else verified.then(pass, next);
  });
  app.get('/', (request, response) => {
    response.json({ userId: (request as Signed).userId });
  });
  return app;
}

type Signed = Request & { userId?: string };

const COOKIE = 'token=';

function tokenIn({ headers }: Request): string {
  return headers.cookie!.slice(COOKIE.length);
}

/** A signed token that is verified once and then found in a cache. */
export const cachedFastJwt = withTokens('fast-jwt with its cache', () => fastJwtTokens(true));

export const fastJwt = withTokens('fast-jwt', () => fastJwtTokens(false));

export const joseHs256 = withTokens('jose, HS256', () => joseTokens('HS256'));

export const joseEs256 = withTokens('jose, ES256', () => joseTokens('ES256'));
