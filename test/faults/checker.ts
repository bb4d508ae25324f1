import type { Act, AuditRow, History, Operation, Sample } from './history';

/** Something that must never be, and was. */
export interface Violation {
  readonly property: 'P1' | 'P2' | 'P3' | 'P4' | 'P5' | 'P7' | 'P8' | 'answers' | 'processes';
  readonly what: string;
}

export interface Findings {
  readonly violations: readonly Violation[];
  /** The longest that a session was accepted after its end was acknowledged, in milliseconds. */
  readonly worstStaleness: number;
  /** How many sessions were used later than the database knows. */
  readonly touchesLost: number;
}

/**
 * Judges a run by the properties of the package. Only what holds however slow a machine is counts: an operation begins
 * before it is sent and is acknowledged after it has been answered, so a runner that was paused raises no false alarm.
 */
export function check(history: History): Findings {
  const facts = factsOf(history);
  return {
    violations: [
      ...staleness(history, facts),
      ...ownRevocations(facts),
      ...secondThoughts(history),
      ...falseRefusals(history, facts),
      ...returns(history, facts),
      ...lastUse(history),
      ...crowds(history),
      ...answers(history),
      ...history.troubles.map((what) => ({ property: 'processes', what }) as const),
    ],
    worstStaleness: Math.max(0, ...facts.accepted.map((operation) => stalenessOf(operation, facts))),
    touchesLost: Math.max(0, ...history.samples.map((sample) => behind(sample, history).length)),
  };
}

interface Facts {
  readonly accepted: readonly Operation[];
  /** Operations that end a session, whether they succeeded or not. */
  readonly ending: ReadonlyMap<string, readonly Operation[]>;
  /** When the end of a session was first acknowledged. */
  readonly acknowledged: ReadonlyMap<string, number>;
  readonly endedBy: ReadonlyMap<string, AuditRow>;
}

/** Acts that succeed only with a good session. Signing out does without one. */
const NEEDS_SESSION: readonly Act[] = ['request', 'peek', 'list', 'revoke', 'revoke others'];

function factsOf({ operations, audit }: History): Facts {
  const endedBy = new Map(audit.filter(({ event }) => event === 'ended').map((row) => [row.session, row]));
  const ending = new Map<string, Operation[]>();
  const note = (session: string, operation: Operation) => {
    const noted = ending.get(session);
    if (noted === undefined) ending.set(session, [operation]);
    else noted.push(operation);
  };
  for (const operation of operations) for (const session of operation.ends) note(session, operation);

  // What a sign-in pushes out it ends in its own transaction.
  const opening = new Map(audit.filter(({ event }) => event === 'opened').map((row) => [row.session, row]));
  const displaced = groupedBy([...endedBy.values()], ({ transaction }) => transaction);
  for (const operation of operations) {
    const transaction = operation.opened && opening.get(operation.opened)?.transaction;
    for (const { session } of (transaction && displaced.get(transaction)) || []) {
      if (!operation.ends.includes(session)) note(session, operation);
    }
  }

  const acknowledged = new Map<string, number>();
  for (const [session, attempts] of ending) {
    const times = attempts.filter(({ outcome }) => outcome === 'accepted').map(({ answered }) => answered);
    if (times.length > 0) acknowledged.set(session, Math.min(...times));
  }
  const accepted = operations.filter(
    ({ act, outcome, session }) =>
      outcome === 'accepted' && session !== undefined && NEEDS_SESSION.includes(act),
  );
  return { accepted, ending, acknowledged, endedBy };
}

function stalenessOf({ session, began }: Operation, { acknowledged }: Facts): number {
  return began - (acknowledged.get(session!) ?? Infinity);
}

/** P1: nothing is accepted that began later than an acknowledged end and the lease. */
function staleness({ lease }: History, facts: Facts): Violation[] {
  return facts.accepted
    .filter((operation) => stalenessOf(operation, facts) > lease)
    .map((operation) => ({
      property: 'P1',
      what: `${shown(operation)} was accepted ${ms(stalenessOf(operation, facts))} after the end was acknowledged`,
    }));
}

/** P2: the node that ended a session accepts it no more once it has said so. */
function ownRevocations(facts: Facts): Violation[] {
  return facts.accepted.flatMap((operation) => {
    const since = ownAcknowledgement(operation, facts);
    if (since === undefined || operation.began <= since) return [];
    const after = ms(operation.began - since);
    return [
      { property: 'P2', what: `${shown(operation)} was accepted ${after} after that node had ended it` },
    ];
  });
}

/**
 * When the node of an operation had acknowledged that the session is ended. A node that was asked for a session by name has
 * acknowledged it whoever was faster; of "all others" it has ended those that the database saw it end.
 */
function ownAcknowledgement({ session, node }: Operation, facts: Facts): number | undefined {
  const here = (facts.ending.get(session!) ?? []).filter((each) => each.node === node);
  const named = here.filter(({ act, ends }) => act !== 'revoke others' && ends.includes(session!));
  const times = named.filter(({ outcome }) => outcome === 'accepted').map(({ answered }) => answered);
  if (facts.endedBy.get(session!)?.node === node) times.push(...overall(here));
  return times.length > 0 ? Math.min(...times) : undefined;
}

/** The first acknowledgement; of several at once the last, for any of them may be the one that ended it. */
function overall(attempts: readonly Operation[]): number[] {
  const done = attempts.filter(({ outcome }) => outcome === 'accepted');
  const first = Math.min(...done.map(({ answered }) => answered));
  const atOnce = attempts.filter(({ began }) => began < first);
  // One of which nobody knows how it ended may be about to.
  if (atOnce.some(({ outcome, answered }) => outcome !== 'accepted' && answered > first)) return [];
  const times = done.filter((each) => atOnce.includes(each)).map(({ answered }) => answered);
  return times.length > 0 ? [Math.max(...times)] : [];
}

/** P3: a node that has refused a session as ended never accepts it again. */
function secondThoughts({ operations }: History): Violation[] {
  const refused = new Map<string, number>();
  for (const { node, session, outcome, answer, answered } of operations) {
    if (outcome !== 'refused' || !answer.includes('session-ended')) continue;
    const key = `${node} ${session}`;
    refused.set(key, Math.min(answered, refused.get(key) ?? Infinity));
  }
  return operations
    .filter(({ act, outcome }) => outcome === 'accepted' && NEEDS_SESSION.includes(act))
    .filter(({ node, session, began }) => began > (refused.get(`${node} ${session}`) ?? Infinity))
    .map((operation) => ({ property: 'P3', what: `${shown(operation)} was accepted after a refusal` }));
}

/** P4: nobody is refused whose session nobody had begun to end; an outage is no reason. */
function falseRefusals({ operations, rows }: History, facts: Facts): Violation[] {
  const ended = new Map(rows.filter((row) => row.ended).map(({ session, user }) => [session, user]));
  const opened = new Set(operations.map((operation) => operation.opened));
  const unforeseen = groupedBy(operations.filter(mayEndMore), ({ user }) => user);
  const isFalse = ({ session, answered }: Operation) => {
    const user = ended.get(session!);
    if (user === undefined) return true;
    const attempts = [...(facts.ending.get(session!) ?? []), ...(unforeseen.get(user) ?? [])];
    return attempts.every(({ began }) => began > answered);
  };
  return operations
    .filter(({ outcome, session }) => outcome === 'refused' && opened.has(session))
    .filter(isFalse)
    .map((operation) => ({ property: 'P4', what: `${shown(operation)} was refused: ${operation.answer}` }));
}

/** Whether an operation may have ended a session of its user of which the client did not know, or was not told. */
function mayEndMore({ act, outcome }: Operation): boolean {
  return act === 'revoke others' || (act === 'sign in' && outcome !== 'accepted');
}

/** P5: what has ended stays ended, and what was acknowledged is in the database. */
function returns({ operations, rows, audit }: History, facts: Facts): Violation[] {
  const live = new Set(rows.filter(({ ended }) => !ended).map(({ session }) => session));
  const known = new Set(rows.map(({ session }) => session));
  const lostEnds = [...facts.acknowledged.keys()].filter((session) => live.has(session));
  const lostSignIns = operations
    .filter(({ outcome, opened }) => outcome === 'accepted' && opened !== undefined && !known.has(opened))
    .map(({ opened }) => opened);
  return [
    ...lostEnds.map((session) => `the end of ${session} was acknowledged, and it lives`),
    ...lostSignIns.map(
      (session) => `the sign-in of ${session} was acknowledged, and there is no such session`,
    ),
    ...audit
      .filter(({ event }) => event === 'revived' || event === 'deleted')
      .map(({ event, session }) => `${session} was ${event}`),
  ].map((what) => ({ property: 'P5', what }));
}

/** P7: last-accessed never goes back, and is not further behind than it may be. */
function lastUse(history: History): Violation[] {
  const backwards = history.audit
    .filter(({ event }) => event === 'backwards')
    .map(({ session }) => `the last use of ${session} went back in time`);
  const late = history.samples.flatMap((sample) =>
    behind(sample, history)
      .filter(({ by }) => by >= sample.mayTrail)
      .map(({ session, by }) => `the uses of ${session} are not known of the last ${ms(by)}`),
  );
  return [...backwards, ...late].map((what) => ({ property: 'P7', what }));
}

/** The live sessions that were used later than a sample says, and the time between the first and the last such use. */
function behind({ at, rows, node }: Sample, { operations }: History): { session: string; by: number }[] {
  const live = rows.filter(({ ended }) => !ended);
  const known = new Map(live.map(({ session, lastAccessed }) => [session, lastAccessed]));
  const unknown = operations.filter(
    (operation) =>
      operation.answered <= at &&
      (node === undefined || operation.node === node) &&
      (operation.lastAccessed ?? -Infinity) > (known.get(operation.session!) ?? Infinity),
  );
  return [...groupedBy(unknown, ({ session }) => session!)].map(([session, uses]) => {
    const times = uses.map(({ lastAccessed }) => lastAccessed!);
    return { session, by: Math.max(...times) - Math.min(...times) };
  });
}

/** P8: no commit leaves a user with more live sessions than allowed. */
function crowds({ audit }: History): Violation[] {
  return audit
    .filter(({ event }) => event === 'crowded')
    .map(({ session }) => ({
      property: 'P8',
      what: `${session} was one session too many when it was committed`,
    }));
}

/** Every request is answered, in one of the ways that are promised, unless its node had been taken away. */
function answers({ operations, absences }: History): Violation[] {
  const away = ({ node, began, answered }: Operation) =>
    absences.some((absence) => absence.node === node && absence.from < answered && began < absence.to);
  return operations
    .filter(
      (operation) =>
        operation.outcome === 'wrong' || (operation.outcome === 'unanswered' && !away(operation)),
    )
    .map((operation) => ({
      property: 'answers',
      what: `${shown(operation)}: ${operation.answer} after ${ms(operation.answered - operation.began)}`,
    }));
}

function shown({ act, node, session, user }: Operation): string {
  return `"${act}" of ${session ?? user} on node ${node}`;
}

function ms(time: number): string {
  return `${Math.round(time)} ms`;
}

function groupedBy<T>(all: readonly T[], keyOf: (each: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const each of all) {
    const group = groups.get(keyOf(each));
    if (group === undefined) groups.set(keyOf(each), [each]);
    else group.push(each);
  }
  return groups;
}
