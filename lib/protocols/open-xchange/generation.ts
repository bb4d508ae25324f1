import type { OpenXchangeCode } from './errors';

/**
 * A generation of Open-Xchange: `6` stands for 6.20 to 7.10.2, `7.10.3` for the versions from there to 8, and `8` for all
 * later ones.
 */
export type Generation = '6' | '7.10.3' | '8';

/** The differences between the generations. Everything else is equal in all of them. */
export interface GenerationTraits {
  /** The `Content-Type` of answers. All of them are JSON. */
  readonly contentType: string;
  /** True if each sign-in sends the session cookie, so that the action `store` has nothing to do. */
  readonly signInStores: boolean;
  /** The meaning of a missing parameter `staySignedIn`. */
  readonly staysSignedIn: boolean;
  /** True if logins contain a `random` even if it leads nowhere. Otherwise they contain one if `randomToken` is true. */
  readonly alwaysSendsRandom: boolean;
  /** The code for a request from an address that may not use the session. */
  readonly ipChanged: OpenXchangeCode;
  /** True if attributes of cookies start with capitals, and a cleared cookie has the value `invalid`. */
  readonly capitalizesAttributes: boolean;
  /** True if the fragment of a redirect contains the name that the user entered. Later generations avoid it in histories. */
  readonly redirectNamesUser: boolean;
}

const SINCE_7_10_3: GenerationTraits = {
  contentType: 'application/json; charset=UTF-8',
  signInStores: true,
  staysSignedIn: false,
  alwaysSendsRandom: false,
  ipChanged: 'SES-0205',
  capitalizesAttributes: true,
  redirectNamesUser: false,
};

/** The generations by name. */
export const GENERATIONS: Readonly<Record<Generation, GenerationTraits>> = {
  '6': {
    contentType: 'text/javascript; charset=UTF-8',
    signInStores: false,
    staysSignedIn: true,
    alwaysSendsRandom: true,
    ipChanged: 'SES-0205',
    capitalizesAttributes: false,
    redirectNamesUser: true,
  },
  '7.10.3': SINCE_7_10_3,
  '8': { ...SINCE_7_10_3, ipChanged: 'SES-0203' },
};
