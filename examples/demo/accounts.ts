import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

export interface Account {
  readonly name: string;
  /** The user id that Open-Xchange clients see, which must be a number. */
  readonly number: number;
  readonly administrator: boolean;
}

/** The accounts and passwords that the demo shows to its users. */
export const accountsToTry = [
  { name: 'alice', password: 'wonderland' },
  { name: 'bob', password: 'builder' },
  { name: 'admin', password: 'looking-glass' },
] as const;

/** An account as an app stores it: with a hash of the password, never the password. */
interface StoredAccount extends Account {
  /** The result of `hashPassword`. */
  readonly passwordHash: string;
}

const accounts: readonly StoredAccount[] = [
  {
    name: 'alice',
    number: 1,
    administrator: false,
    passwordHash: 'pbGY9WoxPUR8q5hWGIT-6A._icpZugcN5cAaPBgz5XZk_Lgk0-fjqyH2ltxy7xgEkA',
  },
  {
    name: 'bob',
    number: 2,
    administrator: false,
    passwordHash: 'BczfK0rq2iQEGucyHwahQw._mlfMYE-xw0K0HuOKpWfwbX1lJ8Xw2hG3Pm-G1S_QxY',
  },
  {
    name: 'admin',
    number: 3,
    administrator: true,
    passwordHash: 'V1HlCypBE92yfeUh6Db6RA.wCmArylazdfvO6Ni30P03nF_EjB3g6hgt-XhJlTqBuI',
  },
];

/** A hash that no password matches, because its 32 bytes are random. */
const UNMATCHED_HASH = 'JsoDlTNtsM5B1noyMYE-iA.bc_T15dUvHZiUEAY7viZ0nLluXVXw5gr-2SbG_qpqGg';

export function isAccount(name: string): boolean {
  return accounts.some((account) => account.name === name);
}

export function isAdministrator(name: string): boolean {
  return accounts.some((account) => account.name === name && account.administrator);
}

/** Returns the account, or undefined if the name is unknown or the password is wrong. */
export async function authenticate(name: string, password: string): Promise<Account | undefined> {
  const account = accounts.find((each) => each.name === name);
  // Hash the password for an unknown name too, so that the response time does not reveal which names exist.
  const isRight = await matches(password, account?.passwordHash ?? UNMATCHED_HASH);
  return isRight ? account : undefined;
}

/** Returns a random salt and the hash of the password, to be stored with the account. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  return `${salt.toString('base64url')}.${(await derive(password, salt)).toString('base64url')}`;
}

async function matches(password: string, passwordHash: string): Promise<boolean> {
  const [salt = '', hash = ''] = passwordHash.split('.');
  const derived = await derive(password, Buffer.from(salt, 'base64url'));
  return timingSafeEqual(derived, Buffer.from(hash, 'base64url'));
}

/** One of the settings that OWASP recommends: each guess costs 16 MB and about a fifth of a second. */
const COST = { N: 2 ** 14, r: 8, p: 5 };

const scryptAsync = promisify<string, Buffer, number, typeof COST, Buffer>(scrypt);

function derive(password: string, salt: Buffer): Promise<Buffer> {
  return scryptAsync(password, salt, 32, COST);
}
