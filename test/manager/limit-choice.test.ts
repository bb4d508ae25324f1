import { createSignIn, memory, SessionError, type IdentitySessionManager } from '../../lib';
import {
  askedLimit,
  limitChoiceOf,
  TICKET_LIFETIME,
  type WaitingSignIn,
} from '../../lib/manager/limit-choice';
import { hashSecret } from '../../lib/session/credentials';
import { FakeClock } from '../support/clock';
import { managerOn } from '../support/manager';

let clock: FakeClock;
let manager: IdentitySessionManager;

beforeEach(() => {
  clock = new FakeClock();
  manager = managerOn({ store: memory(), clock, maxSessionsPerUser: 1, onLimit: 'ask' });
});

const waiting = (said: Partial<WaitingSignIn> = {}): WaitingSignIn => ({
  signIn: { userId: 'alice', tenantId: 'acme', credentialsCheckedAt: new Date(clock.now()) },
  per: 'user',
  browser: hashSecret('secret'),
  returnTo: '/account',
  ...said,
});

describe('LimitChoice', () => {
  it('returns the sign-in that waits with a ticket to its browser, until the ticket expires', async () => {
    const choice = limitChoiceOf(manager);
    const ticket = await choice.createTicket(waiting());
    expect(await choice.find(ticket, 'secret')).toEqual(waiting());
    for (const browser of ['other', undefined]) {
      await expect(choice.find(ticket, browser)).rejects.toMatchObject({ code: 'ticket-invalid' });
    }
    const expected = waiting();
    clock.advance(TICKET_LIFETIME - 1);
    expect(await choice.find(ticket, 'secret')).toEqual(expected);
    clock.advance(1);
    await expect(choice.find(ticket, 'secret')).rejects.toMatchObject({ code: 'ticket-invalid' });
  });

  it.each([null, new Date(Date.UTC(2020, 0, 1)), undefined])(
    'keeps the time of the authentication: %p',
    async (authenticatedAt) => {
      const choice = limitChoiceOf(manager);
      const signIn = { userId: 'alice', acr: 'aal2', amr: ['otp'], authenticatedAt };
      const ticket = await choice.createTicket(waiting({ signIn }));
      expect((await choice.find(ticket, 'secret')).signIn).toEqual(signIn);
    },
  );

  it('needs no secret for a client that keeps no cookies', async () => {
    const choice = limitChoiceOf(manager);
    const ticket = await choice.createTicket(waiting({ browser: null }));
    expect(await choice.find(ticket, undefined)).toEqual(waiting({ browser: null }));
  });

  it('lets the holder try again if the completion fails, and works once otherwise', async () => {
    const choice = limitChoiceOf(manager);
    const ticket = await choice.createTicket(waiting());
    const failure = new Error('no');
    await expect(choice.use(ticket, 'secret', () => Promise.reject(failure))).rejects.toBe(failure);
    expect(await choice.use(ticket, 'secret', async ({ signIn }) => signIn.userId)).toBe('alice');
    const again = choice.use(ticket, 'secret', async () => 'again');
    await expect(again).rejects.toMatchObject({ code: 'ticket-invalid' });
  });

  it('cannot be used by the ticket of another purpose', async () => {
    const { session } = await manager.open({ userId: 'alice' });
    const link = await manager.notMeLink(session, { url: 'https://app.example.com' });
    const found = limitChoiceOf(manager).find(link.split('/').at(-1)!, undefined);
    await expect(found).rejects.toMatchObject({ code: 'ticket-invalid' });
  });
});

describe('askedLimit', () => {
  it.each([
    [{ per: 'user', asks: true }, 'user'],
    [{ per: 'user' }, undefined],
    [{ per: 'node', asks: true }, undefined],
  ] as const)('returns for %j the limit %s', (details, per) => {
    expect(askedLimit(new SessionError('session-limit-reached', 'No.', details))).toBe(per);
  });
});

describe('a limit that asks', () => {
  it('refuses a sign-in without createSignIn as a limit that refuses does', async () => {
    expect(createSignIn(manager)).toBeInstanceOf(Function);
    await manager.open({ userId: 'alice' });
    for (const open of [manager.open({ userId: 'alice' }), manager.create({ userId: 'alice' })]) {
      await expect(open).rejects.toMatchObject({ code: 'session-limit-reached', asks: true });
    }
  });

  it('ends the sessions that open() names as ends, if the sign-in is accepted', async () => {
    const { session } = await manager.open({ userId: 'alice' });
    const opened = await manager.open({ userId: 'alice', ends: [session.sessionId] });
    const { sessions } = await manager.list({ userId: 'alice' });
    expect(sessions.map(({ sessionId }) => sessionId)).toEqual([opened.session.sessionId]);
  });
});
