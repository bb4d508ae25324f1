import { check, type Violation } from './checker';
import type { AuditRow, History, Operation, SessionRow } from './history';

const ENDED: SessionRow = { session: 's', user: 'alice', ended: true, lastAccessed: 501 };
const LIVE: SessionRow = { ...ENDED, ended: false };

/** A run in which one session was opened, used on both nodes, ended on node one at 1000, and refused from then on. */
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

/** The good run with more in it. */
function and(...operations: readonly Operation[]): History {
  return { ...GOOD, operations: [...GOOD.operations, ...operations] };
}

function broken(by: History): Violation['property'][] {
  return check(by).violations.map(({ property }) => property);
}

describe('the checker', () => {
  it('finds nothing wrong with a good run, and tells how stale it was', () => {
    expect(check(GOOD)).toEqual({ violations: [], worstStaleness: 1999, touchesLost: 0 });
  });

  describe('P1: bounded staleness', () => {
    it('is broken by what was accepted although it began later than an acknowledged end and the lease', () => {
      expect(broken(and(op({ node: 'two', began: 3001, answered: 3002 })))).toEqual(['P1']);
    });

    it.each(['peek', 'list', 'revoke', 'revoke others'] as const)('is broken by "%s" too', (act) => {
      expect(broken(and(op({ act, node: 'two', began: 3001, answered: 3002 })))).toContain('P1');
    });

    it('is kept by what began before and was accepted long after', () => {
      expect(broken(and(op({ node: 'two', began: 2999, answered: 9000 })))).toEqual([]);
    });

    it('is kept by signing out, which needs no session', () => {
      expect(
        broken(and(op({ act: 'sign out', node: 'two', began: 5000, answered: 5001, ends: ['s'] }))),
      ).toEqual([]);
    });

    it('does not count an end that was never acknowledged', () => {
      const lost = GOOD.operations.map((each): Operation => ({
        ...each,
        outcome: each.act === 'sign out' ? 'unanswered' : each.outcome,
      }));
      const absences = [{ node: 'one', from: 900, to: 2000 }];
      const late = op({ node: 'two', began: 3001, answered: 3002 });
      expect(broken(history([...lost, late], { absences }))).toEqual([]);
    });

    it('is broken by a session that a newcomer had pushed out', () => {
      const operations = [
        op({ act: 'sign in', session: undefined, opened: 's' }),
        op({ act: 'sign in', session: undefined, opened: 't', began: 100, answered: 110 }),
        op({ node: 'two', began: 2111, answered: 2112 }),
      ];
      const rows = [ENDED, { ...LIVE, session: 't' }];
      const audit = [audited('opened', 's', '1'), audited('opened', 't', '2'), audited('ended', 's', '2')];
      expect(broken(history(operations, { rows, audit }))).toEqual(['P1']);
    });
  });

  describe('P2: no staleness on the node that ends', () => {
    it('is broken by what that node accepted after its acknowledgement', () => {
      expect(
        broken({
          ...GOOD,
          operations: [...GOOD.operations.slice(0, 4), op({ began: 1001, answered: 1002 })],
        }),
      ).toEqual(['P2']);
    });

    it('is broken by a node that was asked by name, though the other one was faster', () => {
      const again = op({ act: 'sign out', node: 'two', began: 1100, answered: 1110, ends: ['s'] });
      expect(broken(and(again, op({ node: 'two', began: 1111, answered: 1112 })))).toEqual(['P2', 'P2']);
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

    it('is broken for "all others" by the node that ended them', () => {
      const audit = [audited('opened', 's', '1'), audited('ended', 's', '2', 'two')];
      const operations = [...GOOD.operations.slice(0, 4), others, use];
      expect(broken(history(operations, { audit }))).toEqual(['P2']);
    });

    it('is kept for "all others" by a node that found it ended', () => {
      expect(broken({ ...GOOD, operations: [...GOOD.operations.slice(0, 4), others, use] })).toEqual([]);
    });
  });

  describe('P3: no second thoughts', () => {
    it('is broken by a node that accepts what it has refused as ended', () => {
      expect(
        broken(
          and(
            refused({ node: 'two', began: 1500, answered: 1501 }),
            op({ node: 'two', began: 1502, answered: 1503 }),
          ),
        ),
      ).toEqual(['P3', 'P3']);
    });

    it('is kept by another node, and by what had begun before', () => {
      const early = refused({ node: 'two', began: 1500, answered: 3000 });
      expect(broken(and(early))).toEqual([]);
    });
  });

  describe('P4: no false refusal', () => {
    it('is broken by the refusal of a live session', () => {
      const operations = [...GOOD.operations.slice(0, 3), refused({ began: 40, answered: 50 })];
      expect(broken(history(operations, { rows: [LIVE] }))).toEqual(['P4']);
    });

    it('is broken by a refusal before anybody began to end it', () => {
      expect(broken(and(refused({ node: 'two', began: 900, answered: 989 })))).toContain('P4');
    });

    it('is broken by a 401 of any kind', () => {
      const unknown = refused({ began: 40, answered: 50, answer: '401 credentials-invalid' });
      expect(broken(history([...GOOD.operations.slice(0, 3), unknown], { rows: [LIVE] }))).toEqual(['P4']);
    });

    it('is kept when a sign-in that nobody heard of again may have pushed it out', () => {
      const operations = [
        ...GOOD.operations.slice(0, 3),
        op({ act: 'sign in', session: undefined, outcome: 'unavailable', began: 40, answered: 90 }),
        refused({ began: 50, answered: 60 }),
      ];
      expect(broken(history(operations))).toEqual([]);
    });
  });

  describe('P5: ended is ended', () => {
    it('is broken by an acknowledged end that the database does not know', () => {
      expect(broken({ ...GOOD, rows: [LIVE] })).toContain('P5');
    });

    it('is broken by an acknowledged sign-in that the database does not know', () => {
      expect(broken(and(op({ act: 'sign in', session: undefined, opened: 'lost' })))).toEqual(['P5']);
    });

    it.each(['revived', 'deleted'] as const)('is broken by a row that was %s', (event) => {
      expect(broken({ ...GOOD, audit: [...GOOD.audit, audited(event, 's', '3')] })).toEqual(['P5']);
    });
  });

  describe('P7: last use', () => {
    const used = (lastAccessed: number, mayTrail: number, node?: string): History => {
      const sample = { at: 100, rows: [{ ...LIVE, lastAccessed }], mayTrail, node };
      return history(GOOD.operations.slice(0, 3), { rows: [LIVE], samples: [sample] });
    };

    it('is broken when what the database does not know goes back further than it may', () => {
      expect(broken(used(499, 1))).toEqual(['P7']);
      expect(broken(used(499, 2))).toEqual([]);
    });

    it('is not broken by a session that nobody used for long', () => {
      expect(broken(used(0, 2))).toEqual([]);
    });

    it('counts the sessions whose last use is not known', () => {
      expect(check(used(400, 101)).touchesLost).toBe(1);
      expect(check(used(501, 0)).touchesLost).toBe(0);
    });

    it('is asked of one node where only that has ended', () => {
      expect(broken(used(500, 0, 'one'))).toEqual([]);
      expect(broken(used(500, 0, 'two'))).toEqual(['P7']);
    });

    it('is broken when it goes back', () => {
      expect(broken({ ...GOOD, audit: [...GOOD.audit, audited('backwards', 's', '3')] })).toEqual(['P7']);
    });
  });

  it('P8: limits are broken by a commit that leaves one session too many', () => {
    expect(broken({ ...GOOD, audit: [...GOOD.audit, audited('crowded', 's', '3')] })).toEqual(['P8']);
  });

  describe('answers', () => {
    it('must be such as are promised', () => {
      expect(broken(and(op({ began: 40, answered: 41, outcome: 'wrong', answer: '500' })))).toEqual([
        'answers',
      ]);
    });

    it('must come, unless the runner had taken the node away', () => {
      const hanging = op({ node: 'two', began: 100, answered: 15_100, outcome: 'unanswered' });
      expect(broken(and(hanging))).toEqual(['answers']);
      expect(broken({ ...and(hanging), absences: [{ node: 'one', from: 0, to: 9000 }] })).toEqual([
        'answers',
      ]);
      expect(broken({ ...and(hanging), absences: [{ node: 'two', from: 0, to: 9000 }] })).toEqual([]);
      expect(broken({ ...and(hanging), absences: [{ node: 'two', from: 0, to: 50 }] })).toEqual(['answers']);
    });
  });

  it('processes must not end by themselves', () => {
    expect(broken({ ...GOOD, troubles: ['node two ended (1)'] })).toEqual(['processes']);
  });
});
