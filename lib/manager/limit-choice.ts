import { plainRefusal, type SessionError } from '../errors';
import type { Settings } from '../options/settings';
import { hashSecret, mintSecret } from '../session/credentials';
import { withoutExpiredData } from '../session/lifetimes';
import { withoutSecret, type IdentitySession, type JsonObject, type Owner } from '../session/session';
import { countsWith, type SessionLimit } from '../session/sign-in-rules';
import type { SingleUseTokens } from '../store/single-use-tokens';
import { MOST_TAKEN, type AdministeredStore } from '../store/store';
import { cutoffsInForce } from './cutoffs-in-force';
import { managerPart } from './manager-part';
import { tokenKey, withClaim } from './single-use';
import { newSession, type SignIn } from './new-session';

/** The time for which a ticket is valid, in milliseconds. */
export const TICKET_LIFETIME = 2 * 60_000;

/** A sign-in beyond a limit, which waits until its user has chosen the sessions to end. */
export interface WaitingSignIn {
  /** The facts of the sign-in, as the app passed them. */
  readonly signIn: SignIn;
  /** The limit that was reached. */
  readonly per: SessionLimit['per'];
  /** The hash of a secret that the browser of the sign-in has in a cookie. Null if the client keeps no cookies. */
  readonly browser: string | null;
  /** The page that the browser is to see after the sign-in, or null. */
  readonly returnTo: string | null;
}

/** The parts of a manager that choices need. */
export interface LimitChoiceParts {
  readonly tokens: SingleUseTokens;
  readonly store: AdministeredStore;
  readonly settings: Settings;
  readonly synchronizeClock: () => Promise<void>;
}

/**
 * The sign-ins that were refused because of a limit with `onLimit: 'ask'`. Their users hold a ticket, with which they can see the
 * sessions that count, end some of them, and be signed in. Each ticket works once, on any node.
 */
export class LimitChoice {
  readonly #parts: LimitChoiceParts;

  constructor(parts: LimitChoiceParts) {
    this.#parts = parts;
  }

  /**
   * Lets a sign-in wait. Only the hash of the returned ticket is stored.
   * @throws SessionError `store-unavailable`
   */
  async createTicket({ signIn, ...waiting }: WaitingSignIn): Promise<string> {
    const { tokens, settings } = this.#parts;
    const ticket = mintSecret();
    const { userId, tenantId = null, credentialsCheckedAt, authenticatedAt } = signIn;
    const times = {
      credentialsCheckedAt: credentialsCheckedAt?.getTime(),
      authenticatedAt: authenticatedAt && authenticatedAt.getTime(),
    };
    const facts = { ...signIn, ...times };
    await tokens.add({
      ...tokenKey('sign-in', ticket)!,
      owner: { userId, tenantId },
      content: { ...waiting, facts },
      expiresAt: settings.clock.now() + TICKET_LIFETIME,
    });
    return ticket;
  }

  /**
   * Returns the sign-in that waits with this ticket.
   * @param browser The secret in the cookie of the request, if it has one.
   * @throws SessionError `ticket-invalid`, `store-unavailable`
   */
  async find(ticket: string, browser: string | undefined): Promise<WaitingSignIn> {
    const { tokens, settings, synchronizeClock } = this.#parts;
    await synchronizeClock();
    const key = tokenKey('sign-in', ticket);
    const token = key && (await tokens.find(key, settings.clock.now()));
    const waiting = token && waitingIn(token.content);
    if (waiting === undefined || !isFrom(waiting, browser)) throw ticketInvalid();
    return waiting;
  }

  /**
   * Completes a sign-in. Of parallel calls with one ticket only one calls `complete`. If `complete` fails, the ticket remains valid,
   * so that its holder can choose again.
   * @throws SessionError `ticket-invalid`, `store-unavailable`
   * @throws the error of `complete`
   */
  async use<T>(
    ticket: string,
    browser: string | undefined,
    complete: (waiting: WaitingSignIn) => Promise<T>,
  ): Promise<T> {
    const { tokens, settings } = this.#parts;
    const waiting = await this.find(ticket, browser);
    const key = tokenKey('sign-in', ticket)!;
    const at = settings.clock.now();
    // The claim lasts as long as the ticket. A ticket that was used but could not be removed therefore never works again.
    const claim = { key, at, until: at + TICKET_LIFETIME };
    const result = await withClaim(tokens, claim, ticketInvalid, () => complete(waiting));
    await tokens.remove(key).catch(() => undefined);
    return result;
  }

  /**
   * Returns the owner's live sessions that count for the limit, newest sign-in first, and at most 1,000. Also returns those that
   * the options hide, because a user who cannot end them would be locked out.
   */
  async sessions({ signIn, per }: WaitingSignIn): Promise<readonly IdentitySession[]> {
    const { store, settings } = this.#parts;
    const { lifetimes, clock } = settings;
    const now = clock.now();
    const opening = newSession(signIn, '', settings);
    const page = {
      cutoffs: await cutoffsInForce(store, settings, now),
      exceptClients: [],
      take: MOST_TAKEN,
    };
    const live = await store.list(ownerOf(opening), page);
    return live
      .filter((session) => countsWith(session, opening, per))
      .map((session) => withoutExpiredData(withoutSecret(session), lifetimes, now));
  }
}

/** Returns the limit at which a refused sign-in may ask its user, or undefined. */
export function askedLimit({ asks, per }: SessionError): SessionLimit['per'] | undefined {
  return asks && per !== undefined && per !== 'node' ? per : undefined;
}

function ownerOf({ tenantId, userId }: IdentitySession): Owner {
  return { tenantId, userId };
}

function ticketInvalid(): SessionError {
  return plainRefusal('ticket-invalid');
}

function waitingIn(content: JsonObject): WaitingSignIn {
  const { facts, ...waiting } = content as unknown as Omit<WaitingSignIn, 'signIn'> & {
    readonly facts: Omit<SignIn, 'credentialsCheckedAt' | 'authenticatedAt'> & {
      readonly credentialsCheckedAt?: number;
      readonly authenticatedAt?: number | null;
    };
  };
  const { credentialsCheckedAt: checked, authenticatedAt: at, ...signIn } = facts;
  return {
    ...waiting,
    signIn: {
      ...signIn,
      ...(checked !== undefined && { credentialsCheckedAt: new Date(checked) }),
      ...(at !== undefined && { authenticatedAt: at === null ? null : new Date(at) }),
    },
  };
}

/** Only hashes are compared, so the time of the comparison reveals nothing about the secret. */
function isFrom({ browser }: WaitingSignIn, secret: string | undefined): boolean {
  return browser === null || (secret !== undefined && hashSecret(secret) === browser);
}

/** Sets and returns the sign-ins of a manager that wait for a choice. */
export const [setLimitChoice, limitChoiceOf] = managerPart<LimitChoice>('limitChoice');
