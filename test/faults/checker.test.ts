import { check, type Violation } from './checker';
import type { AuditRow, History, Operation, SessionRow } from './history';

const ENDED: SessionRow = { session: 's', user: 'alice', ended: true, lastAccessed: 501 };
const LIVE: SessionRow = { ...ENDED, ended: false };

/** A run in which one session is opened, used on both nodes, ended on node one at time 1000, and refused afterwards. */
const GOOD = history([
  op({ act: 'sign in', began: 0, answered: 10, session: undefined, opened: 's' }),
  op({ node: 'one', began: 20, answered: 30, lastAccessed: 500 }),
  op({ node: 'two', began: 20, answered: 35, lastAccessed: 501 }),
  op({ act: 'sign out', node: 'one', began: 990, answered: 1000, ends: ['s'] }),
  op({ node: 'two', began: 2999, answered: 3050 }),
  refused({ node: 'one', began: 1001, answered: 1010 }),
  refused({ node: 'two', began: 3100, answered: 3110 }),
]);

function history(operations: readonly Operation[], rest: Partial<History> = {}): History {
  const rows = [ENDED];
  const audit = [audited('opened', 's', '1'), audited('ended', 's', '2')];
  return { operations, rows, audit, samples: [], absences: [], troubles: [], lease: 2000, ...rest };
}

function op(given: Partial<Operation>): Operation {
  const defaults = {
    act: 'request',
    node: 'one',
    user: 'alice',
    session: 's',
    ends: [],
    answer: '200',
  } as const;
  return { ...defaults, began: 0, answered: 1, outcome: 'accepted', ...given };
}

function refused(given: Partial<Operation>): Operation {
  return op({ outcome: 'refused', answer: '401 session-ended', ...given });
}

function audited(event: AuditRow['event'], session: string, transaction: string, node = 'one'): AuditRow {
  return { event, session, transaction, node };
}

/** The good run with additional operations. */
function goodAnd(...operations: readonly Operation[]): History {
  return { ...GOOD, operations: [...GOOD.operations, ...operations] };
}

function violated(by: History): Violation['property'][] {
  return check(by).violations.map(({ property }) => property);
}

describe('check', () => {
  it('finds no violation in a good run and returns its worst staleness', () => {
    expect(check(GOOD)).toEqual({ violations: [], worstStaleness: 1999, touchesLost: 0 });
  });

  describe('P1: bounded staleness', () => {
    it('is violated by an accepted request that began later than an acknowledged end plus the lease', () => {
      expect(violated(goodAnd(op({ node: 'two', began: 3001, answered: 3002 })))).toEqual(['P1']);
    });

    it.each(['peek', 'list', 'revoke', 'revoke others'] as const)(
      'is violated by an accepted "%s" that began later than an acknowledged end plus the lease',
      (act) => {
        expect(violated(goodAnd(op({ act, node: 'two', began: 3001, answered: 3002 })))).toContain('P1');
      },
    );

    it('is not violated by a request that began within the lease and was answered much later', () => {
      expect(violated(goodAnd(op({ node: 'two', began: 2999, answered: 9000 })))).toEqual([]);
    });

    it('is not violated by a sign-out, which needs no live session', () => {
      expect(
        violated(goodAnd(op({ act: 'sign out', node: 'two', began: 5000, answered: 5001, ends: ['s'] }))),
      ).toEqual([]);
    });

    it('ignores an end that was never acknowledged', () => {
      const lost = GOOD.operations.map((each): Operation => ({
        ...each,
        outcome: each.act === 'sign out' ? 'unanswered' : each.outcome,
      }));
      const absences = [{ node: 'one', from: 900, to: 2000 }];
      const late = op({ node: 'two', began: 3001, answered: 3002 });
      expect(violated(history([...lost, late], { absences }))).toEqual([]);
    });

    it('is violated by a request with a session that a sign-in displaced longer than the lease ago', () => {
      const operations = [
        op({ act: 'sign in', session: undefined, opened: 's' }),
        op({ act: 'sign in', session: undefined, opened: 't', began: 100, answered: 110 }),
        op({ node: 'two', began: 2111, answered: 2112 }),
      ];
      const rows = [ENDED, { ...LIVE, session: 't' }];
      const audit = [audited('opened', 's', '1'), audited('opened', 't', '2'), audited('ended', 's', '2')];
      expect(violated(history(operations, { rows, audit }))).toEqual(['P1']);
    });
  });

  describe('P2: no staleness on the node that ends', () => {
    it('is violated by a request that the node accepted after it acknowledged the end', () => {
      expect(
        violated({
          ...GOOD,
          operations: [...GOOD.operations.slice(0, 4), op({ began: 1001, answered: 1002 })],
        }),
      ).toEqual(['P2']);
    });

    it('is violated by a node that acknowledged the end of a named session, even if the other node was faster', () => {
      const again = op({ act: 'sign out', node: 'two', began: 1100, answered: 1110, ends: ['s'] });
      expect(violated(goodAnd(again, op({ node: 'two', began: 1111, answered: 1112 })))).toEqual([
        'P2',
        'P2',
      ]);
    });

    const others = op({
      act: 'revoke others',
      node: 'two',
      session: 't',
      began: 995,
      answered: 1100,
      ends: ['s'],
    });
    const use = op({ node: 'two', began: 1101, answered: 1102 });

    it('is violated after "revoke others" by the node that ended the session', () => {
      const audit = [audited('opened', 's', '1'), audited('ended', 's', '2', 'two')];
      const operations = [...GOOD.operations.slice(0, 4), others, use];
      expect(violated(history(operations, { audit }))).toEqual(['P2']);
    });

    it('is not violated after "revoke others" by a node that found the session already ended', () => {
      expect(violated({ ...GOOD, operations: [...GOOD.operations.slice(0, 4), others, use] })).toEqual([]);
    });
  });

  describe('P3: no acceptance after a refusal', () => {
    it('is violated by a node that accepts a session after it refused it as ended', () => {
      expect(
        violated(
          goodAnd(
            refused({ node: 'two', began: 1500, answered: 1501 }),
            op({ node: 'two', began: 1502, answered: 1503 }),
          ),
        ),
      ).toEqual(['P3', 'P3']);
    });

    it('is not violated by another node, nor by a request that began before the refusal', () => {
      const early = refused({ node: 'two', began: 1500, answered: 3000 });
      expect(violated(goodAnd(early))).toEqual([]);
    });
  });

  describe('P4: no false refusal', () => {
    it('is violated by the refusal of a live session', () => {
      const operations = [...GOOD.operations.slice(0, 3), refused({ began: 40, answered: 50 })];
      expect(violated(history(operations, { rows: [LIVE] }))).toEqual(['P4']);
    });

    it('is violated by a refusal before any operation began to end the session', () => {
      expect(violated(goodAnd(refused({ node: 'two', began: 900, answered: 989 })))).toContain('P4');
    });

    it('is violated by a 401 with any code for a live session', () => {
      const unknown = refused({ began: 40, answered: 50, answer: '401 credentials-invalid' });
      expect(violated(history([...GOOD.operations.slice(0, 3), unknown], { rows: [LIVE] }))).toEqual(['P4']);
    });

    it('is not violated if a sign-in without an answer may have displaced the session', () => {
      const operations = [
        ...GOOD.operations.slice(0, 3),
        op({ act: 'sign in', session: undefined, outcome: 'unavailable', began: 40, answered: 90 }),
        refused({ began: 50, answered: 60 }),
      ];
      expect(violated(history(operations))).toEqual([]);
    });
  });

  describe('P5: ends are final', () => {
    it('is violated by an acknowledged end that is not in the database', () => {
      expect(violated({ ...GOOD, rows: [LIVE] })).toContain('P5');
    });

    it('is violated by an acknowledged sign-in that is not in the database', () => {
      expect(violated(goodAnd(op({ act: 'sign in', session: undefined, opened: 'lost' })))).toEqual(['P5']);
    });

    it.each(['revived', 'deleted'] as const)('is violated by a row that was %s', (event) => {
      expect(violated({ ...GOOD, audit: [...GOOD.audit, audited(event, 's', '3')] })).toEqual(['P5']);
    });
  });

  describe('P7: last-accessed times', () => {
    const used = (lastAccessed: number, mayTrail: number, node?: string): History => {
      const sample = { at: 100, rows: [{ ...LIVE, lastAccessed }], mayTrail, node };
      return history(GOOD.operations.slice(0, 3), { rows: [LIVE], samples: [sample] });
    };

    it('is violated if last-accessed in the database lags more than allowed', () => {
      expect(violated(used(499, 1))).toEqual(['P7']);
      expect(violated(used(499, 2))).toEqual([]);
    });

    it('is not violated by a session that was not used for a long time', () => {
      expect(violated(used(0, 2))).toEqual([]);
    });

    it('counts the sessions whose last use is missing', () => {
      expect(check(used(400, 101)).touchesLost).toBe(1);
      expect(check(used(501, 0)).touchesLost).toBe(0);
    });

    it('compares only the answers of the given node', () => {
      expect(violated(used(500, 0, 'one'))).toEqual([]);
      expect(violated(used(500, 0, 'two'))).toEqual(['P7']);
    });

    it('is violated if last-accessed decreases', () => {
      expect(violated({ ...GOOD, audit: [...GOOD.audit, audited('backwards', 's', '3')] })).toEqual(['P7']);
    });
  });

  it('reports a violation of P8 for a commit that exceeds the limit', () => {
    expect(violated({ ...GOOD, audit: [...GOOD.audit, audited('crowded', 's', '3')] })).toEqual(['P8']);
  });

  describe('answers', () => {
    it('violate the property if they are not documented', () => {
      expect(violated(goodAnd(op({ began: 40, answered: 41, outcome: 'wrong', answer: '500' })))).toEqual([
        'answers',
      ]);
    });

    it('violate the property if they are missing, unless the runner had made the node unavailable', () => {
      const hanging = op({ node: 'two', began: 100, answered: 15_100, outcome: 'unanswered' });
      expect(violated(goodAnd(hanging))).toEqual(['answers']);
      expect(violated({ ...goodAnd(hanging), absences: [{ node: 'one', from: 0, to: 9000 }] })).toEqual([
        'answers',
      ]);
      expect(violated({ ...goodAnd(hanging), absences: [{ node: 'two', from: 0, to: 9000 }] })).toEqual([]);
      expect(violated({ ...goodAnd(hanging), absences: [{ node: 'two', from: 0, to: 50 }] })).toEqual([
        'answers',
      ]);
    });
  });

  it('reports a violation of "processes" if a process ended by itself', () => {
    expect(violated({ ...GOOD, troubles: ['node two ended (1)'] })).toEqual(['processes']);
  });

  describe('with rotation', () => {
    const GRACE = 1000;
    const LIVES = { rows: [LIVE], audit: [audited('opened', 's', '1')], grace: GRACE };
    const signIn = op({ act: 'sign in', began: 0, answered: 10, session: undefined, opened: 's' });
    const use = (began: number, given: Partial<Operation>) => op({ began, answered: began + 10, ...given });
    const reused = (began: number, given: Partial<Operation> = {}) =>
      use(began, { outcome: 'refused', answer: '401 session-ended secret-reused', ...given });
    const rotated = [signIn, use(100, { secret: 0, given: 1 }), use(1200, { secret: 1 })];

    it('P9 is violated by a refusal of a session whose cookie was not copied', () => {
      expect(violated(history([...rotated, reused(1300, { secret: 0 })], LIVES))).toContain('P9');
      const wrong = use(1300, { outcome: 'refused', answer: '401 credentials-invalid', secret: 0 });
      expect(violated(history([...rotated, wrong], LIVES))).toContain('P9');
    });

    it('no property is violated by a theft that ends the session within the lease', () => {
      const theft = [
        reused(1300, { secret: 0, stolen: true, node: 'two' }),
        use(3200, { secret: 1 }),
        reused(3400, { secret: 1 }),
      ];
      expect(violated(history([...rotated, ...theft], { ...LIVES, rows: [ENDED] }))).toEqual([]);
    });

    it('P4 is violated if the session was refused before its cookie was used by another client', () => {
      const early = [reused(1300, { secret: 1 }), reused(1400, { secret: 0, stolen: true })];
      expect(violated(history([...rotated, ...early], { ...LIVES, rows: [ENDED] }))).toEqual(['P4']);
    });

    it('P10 is violated if the session is used longer than the lease after a theft was found', () => {
      const late = [reused(1300, { secret: 0, stolen: true, node: 'two' }), use(3311, { secret: 1 })];
      expect(violated(history([...rotated, ...late], { ...LIVES, rows: [ENDED] }))).toEqual(['P10']);
    });

    it('P10 is violated if an earlier secret is accepted longer than the lease after the next one was confirmed', () => {
      const late = use(3211, { secret: 0, stolen: true });
      expect(violated(history([...rotated, late], LIVES))).toEqual(['P10']);
      expect(violated(history([...rotated, { ...late, began: 3209 }], LIVES))).toEqual([]);
    });

    it('P10 is not violated while the next secret was not confirmed', () => {
      const late = use(9000, { secret: 0, stolen: true });
      const soon = [signIn, use(100, { secret: 0, given: 1 }), use(1100, { secret: 1 }), late];
      expect(violated(history(soon, LIVES))).toEqual([]);
      const givenAgain = [
        signIn,
        use(100, { secret: 0, given: 1 }),
        use(1000, { secret: 0, given: 1 }),
        use(1200, { secret: 1 }),
        late,
      ];
      expect(violated(history(givenAgain, LIVES))).toEqual([]);
      const outage = use(1100, { outcome: 'unavailable', answer: '503' });
      expect(violated(history([...rotated, outage, late], LIVES))).toEqual([]);
    });

    it('no property is violated by refusals of rotation in a run without it', () => {
      expect(
        violated(history([...rotated, use(9000, { secret: 0 })], { ...LIVES, grace: undefined })),
      ).toEqual([]);
    });
  });
});
