import type { RefusalCode } from '../errors';
import type { SessionEvent } from '../events';
import { END_REASONS } from '../session/end-reason';
import { SIGNAL_TYPES } from '../session/signal';
import { Tally } from './tally';

/** A counter of events, as adapters read it. */
export interface CounterReading {
  /** The name without prefix, with the ending `_total`. */
  readonly name: string;
  readonly help: string;
  /** The name of the label. Absent for a counter with one series. */
  readonly label?: string;
  /** The counts by label value. A counter without a label has one count, whose label value is ignored. */
  readonly counts: Iterable<readonly [string, number]>;
}

/** The refusals of requests that a manager reports. */
const REQUEST_REFUSALS = [
  'credentials-invalid',
  'session-ended',
  'session-expired',
  'ip-changed',
  'authentication-insufficient',
  'store-unavailable',
] as const satisfies readonly RefusalCode[];

/** The refusals of sign-ins that a manager reports. */
const SIGN_IN_REFUSALS = [
  'session-limit-reached',
  'auth-id-taken',
  'credential-changed',
  'store-unavailable',
] as const satisfies readonly RefusalCode[];

type Task = Extract<SessionEvent, { type: 'failed' }>['task'];

/** A record, so that the compiler reports a missing task. */
const TASKS: Readonly<Record<Task, true>> = {
  touches: true,
  trail: true,
  hook: true,
  attempts: true,
  devices: true,
  changes: true,
  rows: true,
  cleanup: true,
  hint: true,
  location: true,
  permission: true,
  listener: true,
  upgrade: true,
  readiness: true,
};

/** Counts the events of one manager. It keeps plain numbers, so that an event costs a request almost nothing. */
export class EventCounters {
  #accepted = 0;
  #deleted = 0;
  #hibernated = 0;
  #reactivated = 0;
  #everythingEnded = 0;
  readonly #refused = new Tally(REQUEST_REFUSALS);
  readonly #signIns = new Tally(['opened', ...SIGN_IN_REFUSALS]);
  readonly #ended = new Tally(END_REASONS);
  readonly #signals = new Tally(SIGNAL_TYPES);
  readonly #failures = new Tally(Object.keys(TASKS));
  readonly #onLookup: (seconds: number) => void;

  /** @param onLookup Receives the time that a request waited for a session that was not cached. */
  constructor(onLookup: (seconds: number) => void) {
    this.#onLookup = onLookup;
  }

  count(event: SessionEvent): void {
    switch (event.type) {
      case 'touched':
        this.#accepted += 1;
        return;
      case 'looked-up':
        return this.#onLookup(event.milliseconds / 1000);
      case 'added':
        return this.#signIns.add('opened');
      case 'refused':
        return (event.owner === undefined ? this.#refused : this.#signIns).add(event.code);
      case 'ended':
        return this.#ended.add(event.reason);
      case 'signal':
        return this.#signals.add(event.signal);
      case 'everything-ended':
        this.#everythingEnded += 1;
        return;
      case 'hibernated':
        this.#hibernated += 1;
        return;
      case 'reactivated':
        this.#reactivated += 1;
        return;
      case 'cleaned':
        this.#deleted += event.deleted;
        return;
      case 'failed':
        return this.#failures.add(event.task);
      case 'reauthenticated':
      // The refusals by `requireRecent` are counted.
      case 'secret-reused':
      // The end of the session is counted with this reason.
      case 'new-device':
      // The sign-in is counted.
      case 'not-me':
      // The session that it ended is counted.
      case 'recovered':
      // The gauge `hint_up` shows it.
    }
  }

  /** The counters with their present values. The list is the same at every call. */
  read(): readonly CounterReading[] {
    return [
      {
        name: 'guard_total',
        help: 'Requests whose session was checked, by outcome.',
        label: 'outcome',
        counts: [['accepted', this.#accepted], ...this.#refused.counts],
      },
      {
        name: 'signins_total',
        help: 'Sign-ins that opened a session or were refused, by outcome.',
        label: 'outcome',
        counts: this.#signIns.counts,
      },
      {
        name: 'ended_total',
        help: 'Sessions that this node ended, by reason.',
        label: 'reason',
        counts: this.#ended.counts,
      },
      {
        name: 'signals_total',
        help: 'Changes within sessions that may be signs of theft, by type.',
        label: 'signal',
        counts: this.#signals.counts,
      },
      {
        name: 'failures_total',
        help: 'Failures in the background, by task.',
        label: 'task',
        counts: this.#failures.counts,
      },
      single('everything_ended_total', 'Calls that ended all sessions.', this.#everythingEnded),
      single('hibernated_total', 'Sessions whose data cleanup dropped.', this.#hibernated),
      single('reactivated_total', 'Hibernating sessions that their owner woke.', this.#reactivated),
      single('cleanup_deleted_total', 'Sessions that cleanup deleted.', this.#deleted),
    ];
  }
}

function single(name: string, help: string, value: number): CounterReading {
  return { name, help, counts: [['', value]] };
}
