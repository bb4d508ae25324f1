import type { Express } from 'express';
import request, { type Response } from 'supertest';

import { Browser } from './browser';
import { DeviceKey, type Forgery } from './device-key';

/** A browser that binds sessions to its device, as the standard of Device Bound Session Credentials says. */
export class BoundBrowser extends Browser {
  readonly key = new DeviceKey();
  /** The header with which the last sign-in offered to bind the session. */
  offer = '';

  constructor(readonly app: Express | string) {
    super(app);
  }

  async signIn(facts: object = { userId: 'alice' }): Promise<string> {
    const response = await this.post('/sign-in', facts);
    this.offer = response.get('Secure-Session-Registration') as unknown as string;
    return (response.body as { session: { sessionId: string } }).session.sessionId;
  }

  /** Answers the offer of the sign-in. */
  register(forgery?: Forgery, challenge = challengeIn(this.offer)): Promise<Response> {
    return this.binding({ 'Secure-Session-Response': this.key.registration(challenge, forgery) });
  }

  /** Asks for a challenge for the bound cookie. */
  ask(sessionId: string): Promise<Response> {
    return this.binding({ 'Sec-Secure-Session-Id': `"${sessionId}"` });
  }

  /** Answers a challenge. */
  async answer(sessionId: string, challenge: string, forgery?: Forgery): Promise<Response> {
    return this.binding({
      'Sec-Secure-Session-Id': `"${sessionId}"`,
      'Secure-Session-Response': this.key.proof(challenge, forgery),
    });
  }

  /** Renews the bound cookie. */
  async renew(sessionId: string): Promise<Response> {
    const asked = await this.ask(sessionId);
    return this.answer(sessionId, challengeOf(asked));
  }

  /** Sends a request to the route of device binding, on this or on another node. */
  async binding(headers: Record<string, string>, app = this.app): Promise<Response> {
    const response = await request(app)
      .post('/session/binding')
      .set('Cookie', this.cookieHeader)
      .set(headers);
    this.keep(response);
    return response;
  }
}

/** Returns the challenge that a browser must answer. */
export function challengeOf(response: Response): string {
  return /^"([^"]+)";id="/.exec(String(response.get('Secure-Session-Challenge')))![1]!;
}

function challengeIn(offer: string): string {
  return /challenge="([^"]+)"/.exec(offer)![1]!;
}
