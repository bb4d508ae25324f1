import { afterPendingIo } from '../clock';
import { plainRefusal } from '../errors';
import { unawaited } from '../events';
import { lru } from '../lru';
import type { Settings } from '../options/settings';
import { hashSecret } from '../session/credentials';
import { LONGEST_USER_AGENT } from '../session/device/describe';
import { connectionOf } from '../session/ip-address';
import { currentIpAddress, referenceTo, withoutSecret, type StoredSession } from '../session/session';
import type { Signal, SignalType } from '../session/signal';
import { capped, detached } from '../session/text';
import { COUNTED_FOR, type ObservedChange } from '../store/trail';
import { deviceHash } from './new-devices';

/** The parts of a request that are compared with its session, as in `Visit`. */
interface Circumstances {
  readonly ipAddress?: string | null | undefined;
  readonly userAgent?: string | null | undefined;
  readonly deviceToken?: string | null | undefined;
  readonly movesTo?: string | undefined;
}

/** `end` if the session has ended by the decision of the app. */
export type Verdict = 'continue' | 'end';

/** The functions of the manager that signals use. */
interface SignalParts {
  readonly countryOf: (address: string) => string | undefined;
  /** Writes a change to the trail, as `observe` of `Trail`. */
  readonly observe: (change: ObservedChange) => Promise<number>;
  readonly forget: (sessionId: string, keys: readonly string[]) => Promise<void>;
  /** Ends the session with the reason `suspicious-use`. */
  readonly end: (session: Signal['session']) => Promise<unknown>;
}

/** A difference between a request and its session that this node does not know yet. */
interface Difference {
  /** The kind and the session, whose differences are counted together. */
  readonly group: string;
  /** The name under which this node remembers it. */
  readonly name: string;
  /** Returns the changes to report. It may look up places, so it is called only once. */
  readonly changes: () => readonly Change[];
}

interface Change {
  readonly type: SignalType;
  readonly before: string | null;
  readonly after: string | null;
  /** The value by which equal changes are recognized. */
  readonly value: string;
}

/** The session and the request of a signal. */
type Scene = Pick<Signal, 'session' | 'ipAddress' | 'userAgent'>;

interface Noted {
  readonly signal: Signal;
  readonly key: string;
}

/** The number of differences, user agents and devices that this node remembers. The database remembers all of them. */
const MOST_KNOWN = 10_000;
const MOST_AGENTS = 1000;

/** The number of differences that are reported at once in the background. Further ones are dropped, so that a flood costs little. */
const MOST_REPORTING = 100;

/** The number of differences of one kind in a session that this node reports in the background within an hour. */
const MOST_AN_HOUR = 100;

/** Compares requests with their sessions, reports each change once, and asks the app whether the session continues. */
export class Signals {
  readonly #settings: Settings;
  readonly #parts: SignalParts;
  readonly #wanted: ReadonlySet<SignalType>;
  readonly #comparesAddresses: boolean;
  readonly #comparesAgents: boolean;
  readonly #comparesDevices: boolean;
  /** The differences that were reported, by any node. */
  readonly #known = lru<true>(MOST_KNOWN);
  /** The program that each user agent names, without versions. */
  readonly #programs = lru<string>(MOST_AGENTS);
  /** The token with which each session has proved its device. */
  readonly #devices = lru<string>(MOST_KNOWN);
  /** The changes that the database should forget, but could not be told to. */
  readonly #unforgotten = lru<true>(MOST_KNOWN);
  readonly #deciding = new Map<string, Promise<Verdict>>();
  readonly #reporting = new Set<Promise<void>>();
  /** The differences of each group that were reported in the background. */
  readonly #reported = lru<{ readonly since: number; readonly count: number }>(MOST_KNOWN);

  constructor(settings: Settings, parts: SignalParts) {
    const { signals, ipAddresses, onNewDevice } = settings;
    this.#settings = settings;
    this.#parts = parts;
    this.#wanted = new Set(signals);
    const comparesPlaces = this.#wanted.has('address-changed') || this.#wanted.has('country-changed');
    this.#comparesAddresses = comparesPlaces && ipAddresses !== 'none';
    this.#comparesAgents = this.#wanted.has('user-agent-changed');
    this.#comparesDevices = this.#wanted.has('device-changed') && onNewDevice !== undefined;
  }

  /**
   * Compares a request of a live session with the session. Returns undefined if the request may continue at once: because nothing has
   * changed, the change is known, or the app does not decide. Otherwise returns the decision.
   * @param address The kept part of the request's address if it is not the session's current one, and else undefined.
   * @throws SessionError `store-unavailable`, in the promise, if the app or the database does not answer
   */
  judge(
    session: StoredSession,
    request: Circumstances,
    address: string | null | undefined,
  ): Promise<Verdict> | undefined {
    const isElsewhere = this.#comparesAddresses && address !== undefined && address !== null;
    const { userAgent } = request;
    const hasOtherAgent = this.#comparesAgents && userAgent !== session.userAgent && userAgent !== undefined;
    const hasDevice = this.#comparesDevices && session.knownDevice !== null;
    if (!isElsewhere && !hasOtherAgent && !hasDevice) return undefined;
    const moved = isElsewhere ? this.#moved(session, request, address) : undefined;
    const program = hasOtherAgent ? this.#otherProgram(session, userAgent) : undefined;
    const device = hasDevice ? this.#otherDevice(session, request) : undefined;
    if (moved === undefined && program === undefined && device === undefined) return undefined;
    const differences = [moved, program, device].filter((each) => each !== undefined);
    return this.#handle(differences, this.#sceneOf(session, request));
  }

  /** Reports that a request had the right secret of a session that has ended. Reports each origin once. */
  noteEnded(session: StoredSession, request: Circumstances): void {
    if (!this.#wanted.has('ended-secret-used')) return;
    const { ipAddress, userAgent } = request;
    const address = this.#settings.keptAddress(ipAddress);
    const connection = address === null ? '' : connectionOf(address);
    const value = `${connection} ${this.#programOf(userAgent ?? null)}`;
    const difference = this.#unknown(`ended ${session.sessionId}`, value, () => [
      { type: 'ended-secret-used', before: null, after: null, value },
    ]);
    if (difference !== undefined) this.#reportLater(difference, this.#sceneOf(session, request));
  }

  /** Resolves when the changes so far are written. */
  async written(): Promise<void> {
    await Promise.all(this.#reporting);
  }

  #moved(session: StoredSession, { movesTo }: Circumstances, address: string): Difference | undefined {
    const current = currentIpAddress(session);
    // A cache entry gets a new list when the request is recorded.
    const { sessionId, ipAddresses: history } = session;
    // A first address is no change, and a program that moves a session says where to.
    if (current === null || movesTo !== undefined || history.includes(address)) return undefined;
    const value = connectionOf(address);
    return this.#unknown(`address ${sessionId}`, value, () => {
      if (history.some((each) => connectionOf(each) === value)) return [];
      const moved: Change = { type: 'address-changed', before: current, after: address, value };
      return [moved, ...this.#crossedBorder(history, current, address)];
    });
  }

  #crossedBorder(history: readonly string[], current: string, address: string): readonly Change[] {
    if (!this.#wanted.has('country-changed')) return [];
    const { countryOf } = this.#parts;
    const after = countryOf(address);
    const before = countryOf(current) ?? history.map(countryOf).findLast(Boolean);
    if (after === undefined || before === undefined) return [];
    if (history.some((each) => countryOf(each) === after)) return [];
    return [{ type: 'country-changed', before, after, value: after }];
  }

  #otherProgram(
    { sessionId, userAgent: before }: StoredSession,
    sent: string | null,
  ): Difference | undefined {
    if (before === null) return undefined;
    const program = this.#programOf(sent);
    if (program === this.#programOf(before)) return undefined;
    const after = capped(sent, LONGEST_USER_AGENT);
    return this.#unknown(`program ${sessionId}`, program, () => [
      { type: 'user-agent-changed', before, after, value: program },
    ]);
  }

  #otherDevice(session: StoredSession, { deviceToken: token }: Circumstances): Difference | undefined {
    if (token === undefined) return undefined;
    const { sessionId } = session;
    if (token !== null && this.#devices.get(sessionId) === token) return undefined;
    const hash = token === null ? null : deviceHash(session, token);
    if (token !== null && hash === session.knownDevice) {
      this.#devices.set(sessionId, detached(token));
      return undefined;
    }
    const value = hash ?? 'missing';
    return this.#unknown(`device ${sessionId}`, value, () => [
      { type: 'device-changed', before: null, after: hash === null ? 'missing' : 'other', value },
    ]);
  }

  #unknown(group: string, value: string, changes: Difference['changes']): Difference | undefined {
    const name = `${group} ${value}`;
    return this.#known.get(name) === undefined ? { group, name, changes } : undefined;
  }

  /**
   * Returns the program and the operating system, without versions. Client hints are left out, because browsers do not send them with
   * every request. Programs that cannot be named are recognized by their first word.
   */
  #programOf(userAgent: string | null): string {
    if (userAgent === null) return '';
    const cut = userAgent.length > LONGEST_USER_AGENT ? userAgent.slice(0, LONGEST_USER_AGENT) : userAgent;
    const known = this.#programs.get(cut);
    if (known !== undefined) return known;
    const { type, client, os } = this.#settings.describeDevice(cut, null, null);
    const name = client?.name ?? /^[^\s/]*/.exec(cut)![0];
    const program = [type, name, os?.name ?? ''].join(' ');
    this.#programs.set(detached(cut), program);
    return program;
  }

  #sceneOf(session: StoredSession, { ipAddress, userAgent }: Circumstances): Scene {
    return {
      session: withoutSecret(session),
      ipAddress: this.#settings.keptAddress(ipAddress),
      userAgent: capped(userAgent, LONGEST_USER_AGENT),
    };
  }

  #handle(differences: readonly Difference[], scene: Scene): Promise<Verdict> | undefined {
    if (this.#settings.onSignal === undefined) {
      for (const difference of differences) this.#reportLater(difference, scene);
      return undefined;
    }
    const decisions = differences.map((difference) => this.#decision(difference, scene));
    return Promise.all(decisions).then((verdicts) => (verdicts.includes('end') ? 'end' : 'continue'));
  }

  /** Reports the changes after the response. It is too late for a decision, so the result of `onSignal` is ignored. */
  #reportLater(difference: Difference, scene: Scene): void {
    if (this.#reporting.size >= MOST_REPORTING || this.#isFlood(difference)) return;
    const { onSignal, report } = this.#settings;
    this.#known.set(difference.name, true);
    const reporting = new Promise<void>((resolve) => afterPendingIo(resolve))
      .then(async () => {
        for (const { signal } of await this.#noted(difference, scene)) {
          const failed = (error: unknown) => report({ type: 'failed', task: 'hook', error });
          if (onSignal !== undefined) unawaited(() => onSignal(signal), failed);
        }
      })
      .catch((error: unknown) => {
        this.#known.delete(difference.name);
        report({ type: 'failed', task: 'trail', error });
      })
      .finally(() => this.#reporting.delete(reporting));
    this.#reporting.add(reporting);
  }

  /** Counts the difference. Returns true if its session had very many of its kind within the hour, so that it is dropped. */
  #isFlood({ group }: Difference): boolean {
    const now = this.#settings.clock.monotonic();
    const known = this.#reported.get(group);
    const { since, count } =
      known === undefined || now - known.since >= COUNTED_FOR ? { since: now, count: 0 } : known;
    this.#reported.set(group, { since, count: count + 1 });
    return count >= MOST_AN_HOUR;
  }

  /** Parallel requests with one difference share the decision. */
  #decision(difference: Difference, scene: Scene): Promise<Verdict> {
    const { name } = difference;
    const running = this.#deciding.get(name);
    if (running !== undefined) return running;
    const deciding = this.#decide(difference, scene).finally(() => this.#deciding.delete(name));
    this.#deciding.set(name, deciding);
    return deciding;
  }

  async #decide(difference: Difference, scene: Scene): Promise<Verdict> {
    const { session } = scene;
    const noted = await this.#noted(difference, scene);
    try {
      for (const { signal } of noted) {
        if ((await this.#answer(signal)) !== 'end') continue;
        await this.#parts.end(session);
        return 'end';
      }
    } catch (error) {
      await this.#forget(session.sessionId, noted);
      throw error;
    }
    this.#known.set(difference.name, true);
    for (const { key } of noted) this.#unforgotten.delete(`${session.sessionId} ${key}`);
    return 'continue';
  }

  /** Writes the changes to the trail and reports them. Returns those that no node has reported before. */
  async #noted(difference: Difference, { session, ipAddress, userAgent }: Scene): Promise<readonly Noted[]> {
    const noted: Noted[] = [];
    const { sessionId } = session;
    for (const { type, before, after, value } of difference.changes()) {
      if (!this.#wanted.has(type)) continue;
      const key = hashSecret(`${type} ${value}`).slice(0, 16);
      const change = { sessionId, type, key, before, after, ipAddress, userAgent };
      const number = await this.#parts.observe(change);
      const isUnforgotten = this.#unforgotten.get(`${sessionId} ${key}`) === true;
      if (number === 0 && !isUnforgotten) continue;
      const count = Math.max(1, number);
      const signal = { type, session, before, after, ipAddress, userAgent, count };
      const event = { ...signal, type: 'signal', signal: type, session: referenceTo(session) } as const;
      this.#settings.report(event);
      noted.push({ signal, key });
    }
    return noted;
  }

  /**
   * Asks the app.
   * @throws SessionError `store-unavailable` if the app throws, or does not answer in time
   */
  async #answer(signal: Signal): Promise<'end' | void> {
    const { onSignal, requestBudget, clock, report } = this.#settings;
    let cancel = (): void => undefined;
    const late = new Promise<never>((_, reject) => {
      const problem = `\`onSignal\` did not answer within ${requestBudget} ms`;
      cancel = clock.after(requestBudget, () => reject(new Error(problem)));
    });
    try {
      return await Promise.race([(async () => onSignal!(signal))(), late]);
    } catch (error) {
      report({ type: 'failed', task: 'hook', error });
      throw plainRefusal('store-unavailable', { retryAfter: 1, cause: error });
    } finally {
      cancel();
    }
  }

  /** Forgets changes about which the app could not decide, so that the next request asks again, on any node. */
  async #forget(sessionId: string, noted: readonly Noted[]): Promise<void> {
    const keys = noted.map(({ key }) => key);
    try {
      await this.#parts.forget(sessionId, keys);
    } catch (error) {
      for (const key of keys) this.#unforgotten.set(`${sessionId} ${key}`, true);
      this.#settings.report({ type: 'failed', task: 'trail', error });
    }
  }
}
