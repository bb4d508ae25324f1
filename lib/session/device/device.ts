import type { ClientHints } from './client-hints';

/** A device, as far as the user agent, the client hints and the client id describe it. Frozen, because devices are cached. */
export interface Device {
  readonly type: DeviceType;
  /** The kind of program, by which a user interface can choose a picture: `chrome`, `oxdriveapp`, `davdroid`. */
  readonly family: string | null;
  readonly os: Product | null;
  readonly client: Product | null;
  readonly name: DeviceName;
}

/**
 * - `browser`: a browser.
 * - `oxapp`: an app of Open-Xchange.
 * - `eas`: a client of Exchange ActiveSync.
 * - `dav`: a client of CalDAV, CardDAV or WebDAV.
 * - `other`: any other program.
 */
export type DeviceType = 'browser' | 'oxapp' | 'eas' | 'dav' | 'other';

/** A program or an operating system. */
export interface Product {
  /** The name in lower case, such as `firefox` or `linux`. */
  readonly name: string;
  /** The major version of a browser, otherwise the major and minor version. Null if it is unknown. */
  readonly version: string | null;
}

/**
 * The parts of a device's name, which each language joins in its own order: product, program on system (model or protocols). All
 * parts are missing if nothing is known about the device.
 */
export interface DeviceName {
  /** The web app that the browser shows, such as `OX App Suite`. */
  readonly product?: string | undefined;
  /** The program, such as `Chrome 65` or `DAVdroid`. */
  readonly program?: string | undefined;
  /** The operating system, such as `Windows 7`. */
  readonly system?: string | undefined;
  /** The model of a phone or tablet, such as `Pixel 9`. */
  readonly model?: string | undefined;
  /** The protocols, such as `CalDAV/CardDAV`. */
  readonly protocols?: string | undefined;
}

/**
 * Converts a user agent, a client id and the client hints of the sign-in to a device. An app can replace the built-in
 * `describeDevice`.
 */
export type DescribeDevice = (
  userAgent: string | null,
  clientId: string | null,
  clientHints?: ClientHints | null,
) => Device;

/**
 * Returns the kind of device of a client: `Web`, `OAuth`, `Mobile` or a value of the app, of 1 to 64 characters. The default
 * kind applies if it returns undefined.
 */
export type DeviceOf = (clientId: string | null, device: Device) => string | undefined;
