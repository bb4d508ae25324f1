import type { Request, Response } from 'express';

import { beforeHeaders, isMarkedPublic, keepFromSharedCaches } from './before-headers';
import { bindingEvidence } from './bound-cookie';
import { clientAddress } from './client-address';
import { shownDeviceToken } from './device-cookie';
import type { Dialect, Transport } from './dialect';
import type { GiveSecret } from '../manager/secret-renewal';
import type { BindingEvidence } from '../manager/device-binding';
import type { Visit } from '../manager/verification';
import type { Settings } from '../options/settings';
import { isLate } from '../session/secret-rotation';

/**
 * The visit of a request behind a guard. The guard creates one for every request, so everything that few requests need is computed
 * when it is used.
 */
export class GuardedVisit implements Visit {
  readonly ipAddress: string | undefined;
  readonly sameAddress: boolean;

  constructor(
    readonly activity: boolean,
    private readonly request: Request,
    private readonly response: Response,
    private readonly dialect: Dialect,
    private readonly transport: Transport,
    private readonly settings: Settings,
  ) {
    this.ipAddress = clientAddress(request);
    this.sameAddress = dialect.sameAddress;
  }

  get binding(): BindingEvidence | undefined {
    return bindingEvidence(this.request.headers, this.settings);
  }

  get userAgent(): string | null {
    return this.request.headers['user-agent'] ?? null;
  }

  get deviceToken(): string | null | undefined {
    return shownDeviceToken(this.request, this.transport, this.settings);
  }

  /** Undefined if the response cannot carry a new secret. Requests that a page sends by itself are no use of the session. */
  get onNewSecret(): GiveSecret | undefined {
    const { activity, request, response, dialect, transport } = this;
    const { clock, rotation } = this.settings;
    if (!activity || response.headersSent || !rotates(dialect, transport)) return undefined;
    return (secret, session) => {
      const { headers, cookies } = dialect.rotated!({ session, secret, transport }, request);
      const given = clock.monotonic();
      beforeHeaders(response, () => {
        // A shared cache would give it to other users, and the grace period counts from when it was given. The client gets it with
        // its next request.
        if (isMarkedPublic(response) || isLate(clock.monotonic() - given, rotation)) return;
        keepFromSharedCaches(response, 'private');
        for (const [name, value] of Object.entries(headers)) {
          if (!response.hasHeader(name)) response.setHeader(name, value);
        }
        // Cookies that the route has set come later and win, for example when it has signed the user out.
        const set = [response.getHeader('Set-Cookie') ?? []].flat().map(String);
        const all = new Set([...cookies, ...set]);
        if (all.size > 0) response.setHeader('Set-Cookie', [...all]);
      });
    };
  }
}

/** Returns true if the dialect can carry a new secret to clients with this transport. */
export function rotates({ rotates: transports = [] }: Dialect, transport: Transport): boolean {
  return transports.includes(transport);
}
