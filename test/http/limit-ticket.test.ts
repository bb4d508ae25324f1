import type { Request } from 'express';

import { SessionError } from '../../lib';
import {
  attachTicket,
  clearedTicketCookie,
  presentedTicket,
  ticketCookie,
  ticketOf,
} from '../../lib/http/limit-ticket';

const COOKIES = { name: 'identity', secure: true, sameSite: 'lax', partitioned: false } as const;
const TICKET = { ticket: 't', browser: 'b', expires: 1, maxAge: 120 };

const presented = (headers: Record<string, string>) =>
  presentedTicket({ headers } as unknown as Request, COOKIES);

describe('presentedTicket', () => {
  it.each([
    [{}, undefined],
    [{ authorization: 'Bearer eis_x' }, undefined],
    [{ authorization: 'Ticket t' }, { ticket: 't', browser: undefined }],
    [{ authorization: 'ticket  t ' }, { ticket: 't', browser: undefined }],
    [{ cookie: '__Host-Http-identity-ticket=t.b' }, { ticket: 't', browser: 'b' }],
    [{ cookie: 'identity-ticket=t.b' }, undefined],
    [
      { authorization: 'Ticket t', cookie: '__Host-Http-identity-ticket=t.b' },
      { ticket: 't', browser: 'b' },
    ],
    [
      { authorization: 'Ticket t', cookie: '__Host-Http-identity-ticket=u.b' },
      { ticket: 't', browser: undefined },
    ],
    [
      {
        authorization: 'Ticket t',
        cookie: '__Host-Http-identity-ticket=u.c; __Host-Http-identity-ticket=t.b',
      },
      { ticket: 't', browser: 'b' },
    ],
  ])('reads %j', (headers, expected) => {
    expect(presented(headers as Record<string, string>)).toEqual(expected);
  });
});

describe('the cookie of a ticket', () => {
  it('contains the ticket with the secret of its browser, and scripts cannot read it', () => {
    const [cookie] = ticketCookie(TICKET, COOKIES);
    expect(cookie).toBe(
      '__Host-Http-identity-ticket=t.b; Path=/; Max-Age=120; HttpOnly; Secure; SameSite=Lax',
    );
    expect(presented({ cookie: cookie!.split(';')[0]! })).toEqual({ ticket: 't', browser: 'b' });
    expect(clearedTicketCookie(COOKIES)).toContain('Max-Age=0');
  });

  it('is not set for a client that keeps no cookies', () => {
    expect(ticketCookie({ ...TICKET, browser: undefined }, COOKIES)).toEqual([]);
  });
});

describe('attachTicket', () => {
  it('attaches the ticket so that copies of the error do not contain it', () => {
    const error = new SessionError('session-limit-reached', 'No.');
    expect(ticketOf(error)).toBeUndefined();
    attachTicket(error, TICKET);
    expect(ticketOf(error)).toBe(TICKET);
    expect(ticketOf({ ...error } as SessionError)).toBeUndefined();
  });
});
