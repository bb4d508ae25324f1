import { promisify } from 'node:util';

import type { Request } from 'express';

import type { IdentitySession, JsonObject } from '../session/session';

declare global {
  // eslint-disable-next-line @typescript-eslint/no-namespace -- Express offers no other way to extend its types
  namespace Express {
    /** The app's user. The types of Passport declare the same interface, and apps add its members. */
    // eslint-disable-next-line @typescript-eslint/no-empty-object-type -- apps add members by declaration merging
    interface User {}
  }
}

/** The methods of Passport that are called. `import passport from 'passport'` has them, and so has `new Passport()`. */
export interface PassportLike {
  use(name: string, strategy: never): unknown;
  serializeUser(...given: never[]): unknown;
  deserializeUser(...given: never[]): unknown;
}

type Converter = (
  given: unknown,
  request: Request,
  done: (error: unknown, result?: unknown) => void,
) => unknown;

/** The member of a session's `protocolData` that keeps the serialized user. */
export const PASSPORT = 'passport';

/** Converts between the app's users and the values that identify them, with the functions that the app gave to Passport. */
export class AppUsers {
  readonly #serialize: Converter;
  readonly #deserialize: Converter;

  constructor(passport: PassportLike) {
    this.#serialize = passport.serializeUser.bind(passport) as unknown as Converter;
    this.#deserialize = passport.deserializeUser.bind(passport) as unknown as Converter;
  }

  /**
   * Returns the value by which the app finds the user again, as it will be read from JSON.
   * @throws the error of the app's function, or TypeError if Passport has none for this user
   */
  async serialized(user: Express.User, request: Request): Promise<unknown> {
    const value = await converted('serializeUser', this.#serialize, user, request);
    return JSON.parse(JSON.stringify(value));
  }

  /**
   * Returns the user of the session, or undefined if the app no longer has this user. A session that was not opened by Passport
   * is deserialized from its user id.
   * @throws as `serialized`
   */
  async userOf(session: IdentitySession, request: Request): Promise<Express.User | undefined> {
    const { user = session.userId } = (session.protocolData[PASSPORT] ?? {}) as { readonly user?: unknown };
    const found = (await converted('deserializeUser', this.#deserialize, user, request)) as
      Express.User | false | null | undefined;
    return found || undefined;
  }
}

/** Passport's own messages for a missing function. They do not say which instance of Passport lacks it. */
const UNHANDLED = /^Failed to (de)?serialize user/;

async function converted(
  method: string,
  convert: Converter,
  given: unknown,
  request: Request,
): Promise<unknown> {
  try {
    return await promisify(convert)(given, request);
  } catch (error) {
    if (!(error instanceof Error) || !UNHANDLED.test(error.message)) throw error;
    throw new TypeError(
      `No function of \`passport.${method}\` handled the user: call it on the same Passport that passportSessions got; \`npm ls passport\` shows whether two copies are installed`,
      { cause: error },
    );
  }
}

/**
 * Returns the user id of a serialized user: the value itself, or its member `id`.
 * @throws TypeError if neither is text or a number
 */
export function userIdOf(serialized: unknown): string {
  const isObject = typeof serialized === 'object' && serialized !== null;
  const id = isObject ? (serialized as JsonObject)['id'] : serialized;
  if (typeof id === 'string' || typeof id === 'number') return String(id);
  throw new TypeError(
    'The result of `serializeUser` contains no user id: serialize the id or an object with `id`, or write `passportSessions(manager, { passport, factsOf: (user) => ({ userId: String(user.id) }) })`',
  );
}
