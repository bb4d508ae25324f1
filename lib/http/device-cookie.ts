import type { Request, Response } from 'express';

import type { IdentitySessionManager } from '../manager/manager';
import type { Settings } from '../options/settings';
import { isSecret, mintSecret } from '../session/credentials';
import { cookieValues, namedCookie, setCookie } from './cookies';
import type { Transport } from './dialect';
import { checkManager } from './request';

const SUFFIX = '-device';

/**
 * Returns the token of the device that sends the request: that of its cookie, or a new one. A client without cookies gets a new one at
 * every sign-in. Returns undefined if the app does not ask for new devices.
 */
export function deviceTokenOf(
  request: Request,
  transport: Transport,
  settings: Settings,
): string | undefined {
  if (settings.onNewDevice === undefined) return undefined;
  return (transport === 'cookie' ? deviceTokenIn(request, settings) : undefined) ?? mintSecret();
}

/**
 * Returns the token with which a request shows its device, and null if it has none. Returns undefined if it needs none, because the app
 * does not ask for new devices or the client has no cookies.
 */
export function shownDeviceToken(
  request: Request,
  transport: Transport,
  settings: Settings,
): string | null | undefined {
  if (settings.onNewDevice === undefined || transport !== 'cookie') return undefined;
  return deviceTokenIn(request, settings) ?? null;
}

/** Returns the token in the device cookie of the request, or undefined if it has no valid one. */
export function deviceTokenIn(
  { headers }: Request,
  { cookies }: Pick<Settings, 'cookies'>,
): string | undefined {
  return cookieValues(headers.cookie, namedCookie(cookies, SUFFIX)).find(isSecret);
}

/** Lets the browser keep the token of its device for the whole retention from now on. */
export function keepDeviceToken(
  response: Response,
  token: string,
  { cookies, deviceRetention }: Settings,
): void {
  const maxAge = Math.floor(deviceRetention / 1000);
  response.append('Set-Cookie', setCookie(namedCookie(cookies, SUFFIX), token, { ...cookies, maxAge }));
}

/**
 * Removes the device cookie from the browser. Call it when a user has deleted the account, after `manager.administration.eraseUser(owner)`. If
 * other users sign in with the same browser, it is new for them the next time.
 * @throws TypeError if the manager is missing
 */
export function clearDeviceCookie(manager: IdentitySessionManager, response: Response): void {
  checkManager('clearDeviceCookie', manager);
  const { cookies } = manager.settings;
  response.append('Set-Cookie', setCookie(namedCookie(cookies, SUFFIX), '', { ...cookies, maxAge: 0 }));
}
