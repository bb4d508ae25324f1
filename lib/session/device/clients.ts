import type { DavService } from './dav-agents';
import type { Device } from './device';

/**
 * A client that is known by its id. `reads` is the part of the user agent that completes its device: nothing, the
 * operating system, the browser, or the agent of a WebDAV service.
 */
export type KnownClient =
  | { readonly reads: 'nothing'; readonly device: Device }
  | { readonly reads: 'system'; readonly device: Device }
  | { readonly reads: 'browser'; readonly product: string }
  | { readonly reads: 'agent'; readonly service: DavService };

/** Returns the client with the id if it is a client of Open-Xchange. */
export function knownClient(clientId: string | null): KnownClient | undefined {
  if (clientId === null) return undefined;
  return CLIENTS.get(clientId) ?? (clientId.startsWith(MOBILE_API_FACADE) ? MAIL_APP : undefined);
}

/** A device about which nothing is known. */
export const UNKNOWN_DEVICE: Device = { type: 'other', family: null, os: null, client: null, name: {} };

const NO_DEVICE: KnownClient = { reads: 'nothing', device: UNKNOWN_DEVICE };

const MAIL_APP: KnownClient = {
  reads: 'system',
  device: {
    type: 'oxapp',
    family: 'oxmailapp',
    os: null,
    client: { name: 'ox mail app', version: null },
    name: { program: 'OX Mail App' },
  },
};

const ACTIVE_SYNC: KnownClient = {
  reads: 'nothing',
  device: {
    type: 'eas',
    family: 'usmeasclient',
    os: null,
    client: null,
    name: { program: 'Microsoft Exchange ActiveSync Client' },
  },
};

/** The start of the client id. The brand and the platform follow. */
const MOBILE_API_FACADE = 'open-xchange-mobile-api-facade';

const CLIENTS: ReadonlyMap<string, KnownClient> = new Map<string, KnownClient>([
  ['open-xchange-appsuite', { reads: 'browser', product: 'OX App Suite' }],
  ['com.openexchange.ox.gui.dhtml', { reads: 'browser', product: 'OX6 UI' }],
  ['open-xchange-mailapp', MAIL_APP],
  ['OpenXchange.HTTPClient.OXDrive', drive('windows', 'Windows')],
  ['OSX.OXDrive', drive('macos', 'Mac OS')],
  ['OpenXchange.iosClient.OXDrive', drive('ios', 'iOS')],
  ['OpenXchange.Android.OXDrive', drive('android', 'Android')],
  ['OXDrive', drive()],
  ['USM-EAS', ACTIVE_SYNC],
  ['CALDAV', { reads: 'agent', service: 'CALDAV' }],
  ['CARDDAV', { reads: 'agent', service: 'CARDDAV' }],
  ['WEBDAV_INFOSTORE', { reads: 'agent', service: 'WEBDAV_INFOSTORE' }],
  ['WEBDAV_VCARD', { reads: 'agent', service: 'WEBDAV_VCARD' }],
  ['WEBDAV_ICAL', { reads: 'agent', service: 'WEBDAV_ICAL' }],
  // These programs are not browsers, although their user agents name a browser.
  ['USM-JSON', NO_DEVICE],
  ['OpenXchange.HTTPClient.OXAddIn', NO_DEVICE],
  ['OpenXchange.HTTPClient.OXNotifier', NO_DEVICE],
  ['com.open-xchange.updater.olox1', NO_DEVICE],
  ['com.open-xchange.updater.olox2', NO_DEVICE],
]);

function drive(os?: string, system?: string): KnownClient {
  return {
    reads: 'nothing',
    device: {
      type: 'oxapp',
      family: 'oxdriveapp',
      os: os === undefined ? null : { name: os, version: null },
      client: { name: 'ox drive', version: null },
      name: { program: 'OX Drive', system },
    },
  };
}
