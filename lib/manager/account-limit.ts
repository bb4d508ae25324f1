import { unawaited } from '../events';
import type { Settings } from '../options/settings';
import { keyedHash, type Keys } from '../session/keyed-hash';
import type { Outcome } from './attempt';
import { managerPart } from './manager-part';
import type { SignInAttempt, SignInAttempts } from '../store/attempts';

/**
 * Returns the account that a typed name means. Spellings that differ in case, in surrounding spaces or in the form of their
 * characters name the same account.
 */
export function accountName(name: string): string {
  return name.normalize('NFKC').trim().toLowerCase();
}

/**
 * Limits failed sign-ins for each account, from whatever addresses they come. It counts names as they were typed, whether
 * or not such an account exists, so that it reveals no accounts. It stores only keyed hashes.
 */
export class AccountLimit {
  readonly #attempts: SignInAttempts;
  readonly #keys: Keys;
  readonly #settings: Pick<Settings, 'clock' | 'report'>;

  constructor(attempts: SignInAttempts, keys: Keys, settings: Pick<Settings, 'clock' | 'report'>) {
    this.#attempts = attempts;
    this.#keys = keys;
    this.#settings = settings;
  }

  /** Returns an attempt on the account that the name means. */
  async attemptOn(name: string, address: string | undefined): Promise<SignInAttempt> {
    const [key] = await this.#keys();
    return {
      account: keyedHash(key, 'account', accountName(name)),
      address: address === undefined ? null : keyedHash(key, 'address', address),
    };
  }

  /**
   * Counts the attempt as failed until `settle` corrects it, and returns 0. If the account has to wait, returns the rest of
   * the wait in milliseconds.
   * @throws SessionError `store-unavailable`
   */
  begin(attempt: SignInAttempt): Promise<number> {
    return this.#attempts.begin(attempt, this.#settings.clock.now());
  }

  /** Corrects the count after the outcome is known. A failure to write it is reported: the response is already sent. */
  settle(attempt: SignInAttempt, outcome: Outcome): void {
    const { clock, report } = this.#settings;
    unawaited(
      async () => {
        if (outcome === 'succeeded') await this.#attempts.succeed(attempt, clock.now());
        if (outcome === 'undecided') await this.#attempts.cancel(attempt);
      },
      (error) => report({ type: 'failed', task: 'attempts', error }),
    );
  }
}

/** Sets and returns the account limit of a manager. */
export const [setAccountLimit, accountLimitOf] = managerPart<AccountLimit>('accountLimit');
