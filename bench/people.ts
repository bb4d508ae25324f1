import { randomUUID } from 'node:crypto';

import type { SignIn } from '../lib';

const SESSIONS_A_USER = 5;

const USER_AGENTS = [
  'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1',
];

/** Returns a user id for each session. Every user has five sessions. */
export function people(sessions: number): string[] {
  const users = Array.from({ length: Math.ceil(sessions / SESSIONS_A_USER) }, () => randomUUID());
  return Array.from({ length: sessions }, (_, session) => users[session % users.length]!);
}

export function userAgent(session: number): string {
  return USER_AGENTS[session % USER_AGENTS.length]!;
}

export function signInOf(userId: string, session: number): SignIn {
  return { userId, userAgent: userAgent(session), ipAddress: '192.0.2.1', staySignedIn: true };
}
