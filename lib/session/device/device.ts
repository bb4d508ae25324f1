/** What a device is, as far as its user agent and its client tell. Frozen: the same device is handed out again. */
export interface Device {
  readonly type: DeviceType;
  /** The kind of program, in a word that a user interface can choose a picture by: `chrome`, `oxdriveapp`, `davdroid`. */
  readonly family: string | null;
  readonly os: Product | null;
  readonly client: Product | null;
  readonly name: DeviceName;
}

/**
 * `browser`; an app of Open-Xchange's (`oxapp`); a client of Exchange ActiveSync (`eas`), of CalDAV, CardDAV or WebDAV
 * (`dav`); and `other` for every program that is none.
 */
export type DeviceType = 'browser' | 'oxapp' | 'eas' | 'dav' | 'other';

/** A program or an operating system. */
export interface Product {
  /** `firefox`, `linux`. */
  readonly name: string;
  /** The major version of a browser, major and minor of everything else; null when unknown. */
  readonly version: string | null;
}

/**
 * What a device is called, in pieces that every language can put together: product, program on system (protocols). A
 * device of which nothing is known has none of them.
 */
export interface DeviceName {
  /** What the browser shows: `OX App Suite`. */
  readonly product?: string | undefined;
  /** `Chrome 65`, `DAVdroid`. */
  readonly program?: string | undefined;
  /** `Windows 7`. */
  readonly system?: string | undefined;
  /** `CalDAV/CardDAV`. */
  readonly protocols?: string | undefined;
}

/** Turns a user agent and the id of a client into a device. An app may put its own in the place of `describeDevice`. */
export type DescribeDevice = (userAgent: string | null, clientId: string | null) => Device;

/** The kind of device of a client: `Web`, `OAuth`, `Mobile` or an app's own word, 64 characters at the most. */
export type DeviceOf = (clientId: string | null, device: Device) => string;
