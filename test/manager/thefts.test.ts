import type { IdentitySessionManager, IdentitySessionOptions, Theft } from '../../lib';
import type { SessionEvent } from '../../lib/events';
import { satisfies } from '../support/compliance';
import { until } from '../support/gate';
import { nodesOnADatabase, open } from '../support/nodes';
import { DAY } from '../support/sessions';

const nodes = nodesOnADatabase();
const GRACE = 60_000;
const OWNER = { tenantId: null, userId: 'alice' };

/** Opens a session whose first secret was copied, and was replaced by one that its owner has stored. */
async function copied(options: IdentitySessionOptions = {}) {
  const node = nodes.use({
    shortLifetime: '400D',
    longLifetime: '400D',
    inactiveTimeSpan: '400D',
    lease: 0,
    ...options,
  });
  const { session, credentials } = await open(node);
  let secret = credentials.secret;
  const use = async () => node.verify({ ...credentials, secret }, { onNewSecret: (next) => (secret = next) });
  nodes.clock.advance(DAY);
  await use();
  nodes.clock.advance(GRACE);
  await use();
  return { node, session, stolen: credentials };
}

const THIEF = { ipAddress: '203.0.113.66', userAgent: 'thief/1.0\u0007' };

const refused = (node: IdentitySessionManager, stolen: Parameters<IdentitySessionManager['verify']>[0]) =>
  expect((async () => node.verify(stolen, THIEF))()).rejects.toMatchObject({ endReason: 'secret-reused' });

describe('a theft', () => {
  it(
    satisfies('is reported once with its origin, to onTheft and to report', 'NIST 5.3', 'NIST 5.3 action'),
    async () => {
      const thefts: Theft[] = [];
      const events: SessionEvent[] = [];
      const report = (event: SessionEvent) => void events.push(event);
      const onTheft = (theft: Theft) => thefts.push(theft);
      const { node, session, stolen } = await copied({ onTheft, report });
      const other = nodes.use({ lease: 0, onTheft, report });
      await Promise.all([node, other, node, other].map((each) => refused(each, stolen)));
      expect(thefts).toEqual([
        { session: expect.objectContaining({ sessionId: session.sessionId, userId: 'alice' }), ...THIEF },
      ]);
      expect(thefts[0]!.session).not.toHaveProperty('secretHash');
      const reported = events.filter(({ type }) => type === 'secret-reused');
      expect(reported).toEqual([
        {
          type: 'secret-reused',
          session: expect.objectContaining({ sessionId: session.sessionId }),
          ipAddress: THIEF.ipAddress,
          userAgent: expect.not.stringContaining('\u0007'),
        },
      ]);
      expect(events.filter(({ type }) => type === 'ended')).toEqual([
        expect.objectContaining({ reason: 'secret-reused', by: null }),
      ]);
      expect(JSON.stringify(events)).not.toContain(stolen.secret);
    },
  );

  it('is in the trail with its origin, beside the end of the session', async () => {
    const { node, session, stolen } = await copied();
    await refused(node, stolen);
    await until(async () => {
      nodes.clock.advance(1000);
      return (await node.trail(OWNER)).entries.some(({ event }) => event === 'refused');
    });
    const { entries } = await node.trail(OWNER);
    expect(entries.slice(0, 2)).toEqual([
      expect.objectContaining({
        event: 'refused',
        reason: 'secret-reused',
        sessionId: session.sessionId,
        count: 1,
        ...THIEF,
      }),
      expect.objectContaining({
        event: 'ended',
        reason: 'secret-reused',
        ipAddress: '192.0.2.1',
        userAgent: 'curl/8',
      }),
    ]);
  });

  it('keeps the part of the address that the app keeps', async () => {
    const onTheft = jest.fn();
    const { node, stolen } = await copied({ onTheft, ipAddresses: 'truncated' });
    await refused(node, stolen);
    expect(onTheft).toHaveBeenCalledWith(expect.objectContaining({ ipAddress: '203.0.113.0' }));
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('mail');
      },
    ],
    ['rejects', () => Promise.reject(new Error('mail'))],
  ])('ends the session although onTheft %s, which is reported', async (_, onTheft) => {
    const report = jest.fn();
    const { node, stolen } = await copied({ onTheft, report });
    await refused(node, stolen);
    await until(() => report.mock.calls.some(([{ type }]) => type === 'failed'));
    expect(report).toHaveBeenCalledWith({ type: 'failed', task: 'hook', error: new Error('mail') });
  });
});
