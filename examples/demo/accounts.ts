import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

export interface Account {
  readonly name: string;
  /** By which clients of Open-Xchange know the user. */
  readonly number: number;
  readonly administrator: boolean;
}

/** A demo tells everybody its passwords. */
export const accountsToTry = [
  { name: 'alice', password: 'wonderland' },
  { name: 'bob', password: 'builder' },
  { name: 'admin', password: 'looking-glass' },
] as const;

/** What an app keeps in a table: whose password it was, and never the password. */
interface StoredAccount extends Account {
  /** As `hashPassword` makes it. */
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

/** The hash of nothing that anybody could type: its 32 bytes are random, not derived. */
const NOBODYS_HASH = 'JsoDlTNtsM5B1noyMYE-iA.bc_T15dUvHZiUEAY7viZ0nLluXVXw5gr-2SbG_qpqGg';

export function accountNames(): readonly string[] {
  return accounts.map(({ name }) => name);
}

export function isAdministrator(name: string): boolean {
  return accounts.some((account) => account.name === name && account.administrator);
}

/** The account of that name and password. */
export async function authenticate(name: string, password: string): Promise<Account | undefined> {
  const account = accounts.find((each) => each.name === name);
  // An unknown name costs as much time as a known one, so that nobody finds out by the clock which names there are.
  const right = await matches(password, account?.passwordHash ?? NOBODYS_HASH);
  return right ? account : undefined;
}

/** A salt and a hash, to be kept with the account. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  return `${salt.toString('base64url')}.${(await derive(password, salt)).toString('base64url')}`;
}

async function matches(password: string, passwordHash: string): Promise<boolean> {
  const [salt = '', hash = ''] = passwordHash.split('.');
  const derived = await derive(password, Buffer.from(salt, 'base64url'));
  return timingSafeEqual(derived, Buffer.from(hash, 'base64url'));
}

/** 16 MB and about a fifth of a second for each guess, one of the settings that OWASP recommends. */
const COST = { N: 2 ** 14, r: 8, p: 5 };

const scryptAsync = promisify<string, Buffer, number, typeof COST, Buffer>(scrypt);

function derive(password: string, salt: Buffer): Promise<Buffer> {
  return scryptAsync(password, salt, 32, COST);
}
