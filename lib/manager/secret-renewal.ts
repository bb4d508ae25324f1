import { plainRefusal, SessionError } from '../errors';
import type { Settings } from '../options/settings';
import { sessionSecretHash, mintSalt, successorOf } from '../session/credentials';
import {
  awaitsConfirmation,
  judgeSecret,
  renewsGrace,
  secretDueAt,
  type Renewal,
  type SecretChange,
  type SecretVerdict,
} from '../session/secret-rotation';
import { withoutSecret, type IdentitySession, type JsonObject, type StoredSession } from '../session/session';
import type { SessionStore } from '../store/store';

/** Gives the new secret of a session to the client of a request, with the response. The client can lose it. */
export type GiveSecret = (secret: string, session: IdentitySession) => void;

/** Writes a change of a secret, if there is one, together with what depends on it. Returns false if it does not apply. */
export type WriteChange = (change?: SecretChange) => Promise<boolean>;

/** The number of times that a secret is replaced anew because another request has changed it in the meantime. */
const MOST_REPLACEMENTS = 5;

/** Replaces and confirms the secrets of sessions. `session/secret-rotation` decides when. */
export class SecretRenewal {
  readonly #store: SessionStore;
  readonly #settings: Settings;

  constructor(store: SessionStore, settings: Settings) {
    this.#store = store;
    this.#settings = settings;
  }

  /** Judges a secret of a session. Every verdict but `current…` needs a session that was just read from the database. */
  judge(session: StoredSession, secret: string, renewal: Renewal = 'never'): SecretVerdict {
    const { rotation, clock } = this.#settings;
    return judgeSecret(session, secret, clock.now(), { ...rotation, renewal });
  }

  /**
   * Replaces or confirms the current secret of a session if it is time. Returns undefined if there is nothing to do. If the database
   * does not answer, the request continues with the secret that it has.
   */
  renew(
    session: StoredSession,
    secret: string,
    renewal: Renewal,
    give: GiveSecret | undefined,
  ): Promise<void> | undefined {
    const isDue = this.#settings.clock.now() >= secretDueAt(session, this.#settings.rotation);
    if (!isDue && renewal !== 'always') return undefined;
    // Without a way to give a new secret, the current one can only be confirmed.
    if (give === undefined && !awaitsConfirmation(session)) return undefined;
    const verdict = this.judge(session, secret, give === undefined ? 'never' : renewal);
    if (verdict === 'current-and-due') return this.#ifAnswered(this.#rotate(session, secret, give!));
    if (verdict === 'current-and-confirms') return this.#ifAnswered(this.#confirm(session));
    return undefined;
  }

  /**
   * Gives the current secret to a client that has used the one before.
   * @param session The session as it was just read from the database.
   */
  giveAgain(session: StoredSession, secret: string, give: GiveSecret): Promise<void> {
    return this.#ifAnswered(this.#giveAgain(session, secret, give));
  }

  /**
   * Replaces the secret by one that does not follow from it. Returns the new secret, or the presented one if the session's secret
   * never changes.
   * @param write Writes the change and returns true if it applied. It gets nothing if the secret never changes.
   * @throws SessionError `store-unavailable`, `session-ended`, and the errors of `write`
   */
  async replace(
    session: StoredSession,
    secret: string,
    earlierAssurance: JsonObject,
    write: WriteChange = this.#writing(session),
  ): Promise<string> {
    const next = session.secretFamily === null ? secret : successorOf(secret);
    let from: StoredSession | undefined = session;
    for (let attempt = 0; attempt < MOST_REPLACEMENTS && from?.endedAt === null; attempt++) {
      const hashes = { from: from.secretHash, to: sessionSecretHash(next) };
      const at = this.#settings.clock.now();
      const change = { type: 'replace', ...hashes, at, earlierAssurance } as const;
      if (await write(next === secret ? undefined : change)) return next;
      from = await this.#store.read(session.sessionId);
    }
    if (from === undefined || from.endedAt === null)
      throw plainRefusal('store-unavailable', { retryAfter: 1 });
    throw plainRefusal('session-ended', { endReason: from.endReason ?? undefined });
  }

  #writing({ sessionId }: StoredSession): WriteChange {
    return (change) =>
      change === undefined ? Promise.resolve(true) : this.#store.changeSecret(sessionId, change);
  }

  async #rotate(session: StoredSession, secret: string, give: GiveSecret): Promise<void> {
    const { sessionId, secretHash: from } = session;
    const { clock, rotation } = this.#settings;
    const at = clock.now();
    const salt = mintSalt();
    const next = successorOf(secret, salt);
    const issuedBefore = at - rotation.rotationGrace;
    const change = { type: 'rotate', from, to: sessionSecretHash(next), salt, at, issuedBefore } as const;
    if (await this.#store.changeSecret(sessionId, change)) return give(next, withoutSecret(session));
    // A parallel request was faster. From the salt in the row, this one computes the same secret.
    const changed = await this.#store.read(sessionId);
    if (changed?.endedAt === null && this.judge(changed, secret) === 'earlier') {
      await this.#giveAgain(changed, secret, give);
    }
  }

  async #confirm({ sessionId, secretHash: from }: StoredSession): Promise<void> {
    const { clock, rotation } = this.#settings;
    const at = clock.now();
    const issuedBefore = at - rotation.rotationGrace;
    await this.#store.changeSecret(sessionId, { type: 'confirm', from, at, issuedBefore });
  }

  async #giveAgain(session: StoredSession, secret: string, give: GiveSecret): Promise<void> {
    const { sessionId, secretHash: from, secretSalt } = session;
    if (secretSalt === null) return;
    const next = successorOf(secret, secretSalt);
    if (sessionSecretHash(next) !== from) return;
    const { clock, rotation } = this.#settings;
    const at = clock.now();
    if (renewsGrace(session, at, rotation)) {
      // The grace period starts anew before the client can use the secret. Otherwise its first use could confirm it.
      if (!(await this.#store.changeSecret(sessionId, { type: 'give-again', from, at }))) return;
    }
    give(next, withoutSecret(session));
  }

  async #ifAnswered(change: Promise<void>): Promise<void> {
    try {
      await change;
    } catch (error) {
      if (!(error instanceof SessionError) || error.code !== 'store-unavailable') throw error;
    }
  }
}
