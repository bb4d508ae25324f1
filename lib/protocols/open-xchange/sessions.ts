import type { Request } from 'express';

import type { Dialect } from '../../http/dialect';
import type { Device, DeviceType, Product } from '../../session/device/device';
import type { DescribedSession } from '../../session/described';
import { displayLocation, displayName, type Messages } from '../../session/i18n/messages';
import { messagesFor } from '../../session/i18n/translations';
import { currentIpAddress, type IdentitySession } from '../../session/session';
import { visible } from '../../session/text';
import { mapInSlices } from '../../slices';
import type { Answers } from './answers';
import type { OpenXchangeBasis, OpenXchangeSettings } from './options';
import { storedSignIn } from './stored-sign-in';

/** Creates the functions of the dialect that build answers with sessions. */
export function sessionAnswers(
  { answer }: Answers,
  { describeDevice }: Pick<OpenXchangeSettings, 'describeDevice'>,
  { translations }: Pick<OpenXchangeBasis, 'translations'>,
): Pick<Dialect, 'session' | 'sessions'> {
  /** The language is the user's locale if the app knows it, otherwise the request's `Accept-Language`. */
  function messagesOf({ headers }: Request, session: IdentitySession): Messages {
    const language = storedSignIn(session).locale?.replaceAll('_', '-');
    return messagesFor(language ?? headers['accept-language'], translations);
  }

  const deviceOf = ({ session }: DescribedSession) =>
    describeDevice(session.userAgent, session.clientId, session.clientHints);

  return {
    session: (current, request) =>
      answer({ data: sessionObject(current, deviceOf(current), messagesOf(request, current.session)) }),
    async sessions({ sessions }, current, request) {
      const messages = messagesOf(request, current);
      const all = await mapInSlices(sessions, (each) => ({ each, device: deviceOf(each) }));
      const grouped = groupedByType(all, ({ device }) => device.type);
      const data = await mapInSlices(grouped, ({ each, device }) => sessionObject(each, device, messages));
      return answer({ data });
    },
  };
}

/** Builds a session in the form of the protocol. `device` may differ from the device that other protocols show. */
export function sessionObject(
  { session, place }: DescribedSession,
  device: Device,
  messages: Messages,
): Record<string, unknown> {
  const { sessionId, clientId, userAgent, signedIn, lastAccessed } = session;
  return withoutMissing({
    sessionId,
    ipAddress: currentIpAddress(session),
    client: visible(clientId),
    userAgent: visible(userAgent),
    location: displayLocation(place, messages),
    loginTime: time(signedIn),
    lastActive: time(Math.max(lastAccessed ?? 0, signedIn)),
    device: deviceObject(device, messages),
  });
}

/** Sorts browsers first, then Open-Xchange apps, then synchronization clients, then all others. The sort is stable. */
export function groupedByType<T>(items: readonly T[], typeOf: (item: T) => DeviceType): T[] {
  return [...items].sort((one, other) => GROUP[typeOf(one)] - GROUP[typeOf(other)]);
}

const GROUP: Readonly<Record<DeviceType, number>> = { browser: 0, oxapp: 1, eas: 2, dav: 2, other: 3 };

function deviceObject(device: Device, messages: Messages): object {
  const { os, client, type, family } = device;
  return withoutMissing({
    displayName: displayName(device, messages),
    os: os && product(os),
    client: withoutMissing({ ...(client && product(client)), type, family }),
  });
}

function product({ name, version }: Product): object {
  return withoutMissing({ name, version });
}

/** Omits members that are null or undefined. */
function withoutMissing(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== null && value !== undefined),
  );
}

function time(value: number): number | undefined {
  return value > 0 ? value : undefined;
}
