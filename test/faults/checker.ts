import type { Act, AuditRow, History, Operation, Sample } from './history';

/** A violation of a property. */
export interface Violation {
  readonly property: 'P1' | 'P2' | 'P3' | 'P4' | 'P5' | 'P7' | 'P8' | 'P9' | 'P10' | 'answers' | 'processes';
  readonly what: string;
}

export interface Findings {
  readonly violations: readonly Violation[];
  /** The longest time after an acknowledged end at which the session was still accepted, in milliseconds. */
  readonly worstStaleness: number;
  /** The number of sessions whose last use is missing in the database. */
  readonly touchesLost: number;
}

/**
 * Checks the recording of a run. The result does not depend on the speed of the machine: an operation begins before its
 * request is sent and ends after its answer arrived, so a paused runner causes no false violation.
 */
export function check(history: History): Findings {
  const facts = factsOf(history);
  return {
    violations: [
      ...staleness(history, facts),
      ...ownRevocations(facts),
      ...acceptedAgain(history),
      ...falseRefusals(history, facts),
      ...undone(history, facts),
      ...lastUse(history),
      ...exceededLimits(history),
      ...signedOutByRotation(history),
      ...bothAccepted(history),
      ...answers(history),
      ...history.troubles.map((what) => ({ property: 'processes', what }) as const),
    ],
    worstStaleness: Math.max(0, ...facts.accepted.map((operation) => stalenessOf(operation, facts))),
    touchesLost: Math.max(0, ...history.samples.map((sample) => behind(sample, history).length)),
  };
}

interface Facts {
  readonly accepted: readonly Operation[];
  /** The operations that try to end a session, by session. */
  readonly ending: ReadonlyMap<string, readonly Operation[]>;
  /** The time of the first acknowledged end, by session. */
  readonly acknowledged: ReadonlyMap<string, number>;
  readonly endedBy: ReadonlyMap<string, AuditRow>;
}

/** The acts that succeed only with a live session. Signing out succeeds without one. */
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

  // A sign-in ends the sessions that it displaces in its own transaction.
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

/** P1: no operation is accepted that began later than an acknowledged end plus the lease. */
function staleness({ lease }: History, facts: Facts): Violation[] {
  return facts.accepted
    .filter((operation) => stalenessOf(operation, facts) > lease)
    .map((operation) => ({
      property: 'P1',
      what: `${nameOf(operation)} was accepted ${ms(stalenessOf(operation, facts))} after the end was acknowledged`,
    }));
}

/** P2: a node that acknowledged the end of a session does not accept it afterwards. */
function ownRevocations(facts: Facts): Violation[] {
  return facts.accepted.flatMap((operation) => {
    const since = ownAcknowledgement(operation, facts);
    if (since === undefined || operation.began <= since) return [];
    const after = ms(operation.began - since);
    return [
      { property: 'P2', what: `${nameOf(operation)} was accepted ${after} after that node had ended it` },
    ];
  });
}

/**
 * The time at which the operation's node acknowledged the end of the session. A node acknowledges the end of a named session
 * even if another node was faster. For "revoke others", only sessions count that the node itself ended in the database.
 */
function ownAcknowledgement({ session, node }: Operation, facts: Facts): number | undefined {
  const here = (facts.ending.get(session!) ?? []).filter((each) => each.node === node);
  const named = here.filter(({ act, ends }) => act !== 'revoke others' && ends.includes(session!));
  const times = named.filter(({ outcome }) => outcome === 'accepted').map(({ answered }) => answered);
  if (facts.endedBy.get(session!)?.node === node) times.push(...lastOfFirst(here));
  return times.length > 0 ? Math.min(...times) : undefined;
}

/** The first acknowledgement. If several operations overlapped, the last of them, because any may have ended the session. */
function lastOfFirst(attempts: readonly Operation[]): number[] {
  const done = attempts.filter(({ outcome }) => outcome === 'accepted');
  const first = Math.min(...done.map(({ answered }) => answered));
  const atOnce = attempts.filter(({ began }) => began < first);
  // An overlapping operation without an answer may have ended the session later.
  if (atOnce.some(({ outcome, answered }) => outcome !== 'accepted' && answered > first)) return [];
  const times = done.filter((each) => atOnce.includes(each)).map(({ answered }) => answered);
  return times.length > 0 ? [Math.max(...times)] : [];
}

/** P3: a node that has refused a session as ended never accepts it again. */
function acceptedAgain({ operations }: History): Violation[] {
  const refused = new Map<string, number>();
  for (const { node, session, outcome, answer, answered } of operations) {
    if (outcome !== 'refused' || !answer.includes('session-ended')) continue;
    const key = `${node} ${session}`;
    refused.set(key, Math.min(answered, refused.get(key) ?? Infinity));
  }
  return operations
    .filter(({ act, outcome }) => outcome === 'accepted' && NEEDS_SESSION.includes(act))
    .filter(({ node, session, began }) => began > (refused.get(`${node} ${session}`) ?? Infinity))
    .map((operation) => ({ property: 'P3', what: `${nameOf(operation)} was accepted after a refusal` }));
}

/** P4: no session is refused before an operation that may end it has begun. An outage is no reason to refuse. */
function falseRefusals({ operations, rows }: History, facts: Facts): Violation[] {
  const ended = new Map(rows.filter((row) => row.ended).map(({ session, user }) => [session, user]));
  const opened = new Set(operations.map((operation) => operation.opened));
  const unforeseen = groupedBy(operations.filter(mayEndMore), ({ user }) => user);
  const thefts = groupedBy(
    operations.filter(({ stolen }) => stolen),
    ({ session }) => session!,
  );
  const isFalse = ({ session, answered }: Operation) => {
    const user = ended.get(session!);
    if (user === undefined) return true;
    const attempts = [
      ...(facts.ending.get(session!) ?? []),
      ...(unforeseen.get(user) ?? []),
      ...(thefts.get(session!) ?? []),
    ];
    return attempts.every(({ began }) => began > answered);
  };
  return operations
    .filter(({ outcome, session }) => outcome === 'refused' && opened.has(session))
    .filter(isFalse)
    .map((operation) => ({ property: 'P4', what: `${nameOf(operation)} was refused: ${operation.answer}` }));
}

/** True if the operation may have ended sessions of its user that the client does not know of. */
function mayEndMore({ act, outcome }: Operation): boolean {
  return act === 'revoke others' || (act === 'sign in' && outcome !== 'accepted');
}

/** P5: ended sessions stay ended, and acknowledged ends and sign-ins are in the database. */
function undone({ operations, rows, audit }: History, facts: Facts): Violation[] {
  const live = new Set(rows.filter(({ ended }) => !ended).map(({ session }) => session));
  const known = new Set(rows.map(({ session }) => session));
  const lostEnds = [...facts.acknowledged.keys()].filter((session) => live.has(session));
  const lostSignIns = operations
    .filter(({ outcome, opened }) => outcome === 'accepted' && opened !== undefined && !known.has(opened))
    .map(({ opened }) => opened);
  return [
    ...lostEnds.map((session) => `the end of ${session} was acknowledged, but the session is live`),
    ...lostSignIns.map(
      (session) => `the sign-in of ${session} was acknowledged, but the session does not exist`,
    ),
    ...audit
      .filter(({ event }) => event === 'revived' || event === 'deleted')
      .map(({ event, session }) => `${session} was ${event}`),
  ].map((what) => ({ property: 'P5', what }));
}

/** P7: last-accessed never decreases and does not lag more than allowed. */
function lastUse(history: History): Violation[] {
  const backwards = history.audit
    .filter(({ event }) => event === 'backwards')
    .map(({ session }) => `last-accessed of ${session} decreased`);
  const late = history.samples.flatMap((sample) =>
    behind(sample, history)
      .filter(({ by }) => by >= sample.mayTrail)
      .map(({ session, by }) => `last-accessed of ${session} lags by ${ms(by)}`),
  );
  return [...backwards, ...late].map((what) => ({ property: 'P7', what }));
}

/** The live sessions with uses later than in the sample, and the time between the first and the last such use. */
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
function exceededLimits({ audit }: History): Violation[] {
  return audit
    .filter(({ event }) => event === 'crowded')
    .map(({ session }) => ({
      property: 'P8',
      what: `the commit of ${session} exceeded the user's limit`,
    }));
}

/** P9: rotation ends no session and refuses no secret of a session whose cookie was never copied. */
function signedOutByRotation({ operations, grace }: History): Violation[] {
  if (grace === undefined) return [];
  const copied = new Set(operations.filter(({ stolen }) => stolen).map(({ session }) => session));
  return operations
    .filter(({ session }) => session !== undefined && !copied.has(session))
    .filter(({ answer }) => REFUSED_BY_ROTATION.test(answer))
    .map((operation) => ({ property: 'P9', what: `${nameOf(operation)} was refused: ${operation.answer}` }));
}

const REFUSED_BY_ROTATION = /secret-reused|credentials-invalid/;

/**
 * P10: after a client has stored a secret, an earlier one is not accepted longer than the lease, and when it was used, neither is the
 * session.
 */
function bothAccepted({ operations, grace, lease }: History): Violation[] {
  if (grace === undefined) return [];
  const bySession = groupedBy(
    operations.filter(({ session, secret }) => session !== undefined && secret !== undefined),
    ({ session }) => session!,
  );
  // While the database does not answer, a use confirms nothing.
  const isCertain = operations.every(({ outcome }) => outcome !== 'unavailable');
  return [...bySession.values()].flatMap((all) => {
    const accepted = all.filter(({ act, outcome }) => outcome === 'accepted' && NEEDS_SESSION.includes(act));
    const found = Math.min(
      ...all.filter(({ answer }) => answer.includes('secret-reused')).map(({ answered }) => answered),
    );
    const confirmed = isCertain ? confirmations(all, grace) : [];
    const isLate = ({ began, secret }: Operation) =>
      began > found + lease || confirmed.some((by) => by.secret > secret! && began > by.at + lease);
    return accepted
      .filter(isLate)
      .map(
        (operation) =>
          ({ property: 'P10', what: `${nameOf(operation)} was accepted with a replaced secret` }) as const,
      );
  });
}

/** The uses of secrets that certainly confirmed them: none was given and no earlier one was used within the grace period before. */
function confirmations(all: readonly Operation[], grace: number): { secret: number; at: number }[] {
  return all
    .filter(({ act, outcome, secret }) => outcome === 'accepted' && act === 'request' && secret! > 0)
    .filter(({ began, secret }) =>
      all.every((other) => {
        const isGiven = other.given === secret || (other.secret! < secret! && other.outcome !== 'refused');
        return !isGiven || other.answered + grace < began || other.began > began;
      }),
    )
    .map(({ secret, answered }) => ({ secret: secret!, at: answered }));
}

/** Every request gets one of the documented answers, unless the runner had made its node unavailable. */
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
      what: `${nameOf(operation)}: ${operation.answer} after ${ms(operation.answered - operation.began)}`,
    }));
}

function nameOf({ act, node, session, user }: Operation): string {
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
