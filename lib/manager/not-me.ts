import { SessionError } from '../errors';
import type { Settings } from '../options/settings';
import { mintSecret, parsedSessionId } from '../session/credentials';
import type { EndReason } from '../session/end-reason';
import { checkedOwner, sessionsOf, type Revocation } from '../session/revocation';
import { sameOwner, withoutSecret, type IdentitySession, type Owner } from '../session/session';
import type { NewDevices } from './new-devices';
import type { SingleUseToken, SingleUseTokens } from '../store/single-use-tokens';
import { MOST_TAKEN, type AdministeredStore } from '../store/store';
import { cutoffsInForce } from './cutoffs-in-force';
import { managerPart } from './manager-part';
import { tokenKey, withClaim } from './single-use';

/** A sign-in that a link of `notMeLink` is about. */
export interface UnknownSignIn {
  /** The user to whom the app sent the link. */
  readonly owner: Owner;
  readonly sessionId: string;
  /** The session, which may have ended. Undefined if cleanup has deleted it. */
  readonly session: IdentitySession | undefined;
}

/** Receives a sign-in that its owner reported as unknown. */
export type OnNotMe = (signIn: UnknownSignIn) => void | Promise<void>;

/** The parts of a manager that the links need. */
export interface NotMeParts {
  readonly tokens: SingleUseTokens;
  readonly devices: NewDevices;
  readonly store: AdministeredStore;
  readonly settings: Settings;
  readonly synchronizeClock: () => Promise<void>;
  readonly end: (which: Revocation, reason: EndReason, by: string) => Promise<unknown>;
}

/**
 * The longest time that the app's `onNotMe` may take, in milliseconds. If the node dies while it runs, the link can be used again
 * after this time.
 */
const LONGEST_USE = 5 * 60_000;

/** The links with which owners report unknown sign-ins. Each works once, on any node, until it expires. */
export class NotMe {
  readonly #parts: NotMeParts;

  constructor(parts: NotMeParts) {
    this.#parts = parts;
  }

  /** Creates the token of a link. Only its hash is stored. */
  async createToken(session: Owner & Pick<IdentitySession, 'sessionId'>, lifetime: number): Promise<string> {
    const owner = checkedOwner(session);
    const sessionId = parsedSessionId(session.sessionId);
    if (sessionId === undefined)
      throw new TypeError('`notMeLink` needs a session: write `notMeLink(session)`');
    const { tokens, store, settings, synchronizeClock } = this.#parts;
    await synchronizeClock();
    const stored = await store.find(sessionId);
    // The link outlives the row of the session.
    const device = stored && sameOwner(stored, owner) ? stored.knownDevice : null;
    const token = mintSecret();
    const expiresAt = settings.clock.now() + lifetime;
    await tokens.add({ ...tokenKey('not-me', token)!, owner, content: { sessionId, device }, expiresAt });
    return token;
  }

  /**
   * Returns the sign-in that a link is about. Changes nothing, because mail scanners follow links.
   * @throws SessionError `link-invalid`, `store-unavailable`
   */
  async find(token: string): Promise<UnknownSignIn> {
    const { tokens, settings, synchronizeClock } = this.#parts;
    await synchronizeClock();
    const key = tokenKey('not-me', token);
    return this.#signInOf(key && (await tokens.find(key, settings.clock.now())));
  }

  /**
   * Ends the session that a link is about and the other sessions on its device, forgets the device, and calls `onNotMe`. If this
   * fails, the link remains valid, so that its holder can try again.
   * @throws SessionError `link-invalid`, `store-unavailable`
   * @throws the error of `onNotMe`
   */
  async use(token: string, onNotMe: OnNotMe): Promise<void> {
    const { tokens, settings, synchronizeClock } = this.#parts;
    await synchronizeClock();
    const key = tokenKey('not-me', token);
    if (key === undefined) throw linkInvalid();
    const at = settings.clock.now();
    const claim = { key, at, until: at + LONGEST_USE };
    await withClaim(tokens, claim, linkInvalid, (claimed) => this.#act(claimed, onNotMe));
    await tokens.remove(key);
  }

  async #act(token: SingleUseToken, onNotMe: OnNotMe): Promise<void> {
    const { settings, devices, end } = this.#parts;
    const signIn = await this.#signInOf(token);
    const { owner, sessionId } = signIn;
    const device = token.content['device'] as string | null;
    const others = device === null ? [] : await this.#sessionsOn(device, owner);
    await end(sessionsOf(owner, [sessionId, ...others]), 'revoked', owner.userId);
    if (device !== null) await devices.forget(owner, device);
    await onNotMe(signIn);
    settings.report({ type: 'not-me', owner, sessionId });
  }

  /** Returns the ids of the live sessions on the device: a later sign-in may have replaced the session of the link. */
  async #sessionsOn(device: string, owner: Owner): Promise<string[]> {
    const { store, settings } = this.#parts;
    const cutoffs = await cutoffsInForce(store, settings, settings.clock.now());
    const live = await store.list(owner, { cutoffs, exceptClients: [], take: MOST_TAKEN });
    return live.filter(({ knownDevice }) => knownDevice === device).map(({ sessionId }) => sessionId);
  }

  async #signInOf(token: SingleUseToken | undefined): Promise<UnknownSignIn> {
    if (token === undefined) throw linkInvalid();
    const { owner, content } = token;
    const sessionId = content['sessionId'] as string;
    const stored = await this.#parts.store.read(sessionId);
    const session = stored && sameOwner(stored, owner) ? withoutSecret(stored) : undefined;
    return { owner, sessionId, session };
  }
}

/** The refusal of every link that cannot be used. It does not tell whether the link ever existed. */
function linkInvalid(): SessionError {
  return new SessionError('link-invalid', 'This link is invalid, has expired or was already used.');
}

/** Sets and returns the links of a manager. */
export const [setNotMe, notMeOf] = managerPart<NotMe>('notMe');
