import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';

/** The changes that an attacker makes to a proof. */
export interface Forgery {
  readonly header?: Readonly<Record<string, unknown>>;
  readonly claims?: Readonly<Record<string, unknown>>;
  /** The key that signs, instead of the device's own. */
  readonly signer?: DeviceKey;
}

/** The key of a device, as a browser makes one for each session that it binds. */
export class DeviceKey {
  readonly #privateKey: KeyObject;
  readonly #jwk: Readonly<Record<string, unknown>>;

  constructor() {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.#privateKey = privateKey;
    const { kty, crv, x, y } = publicKey.export({ format: 'jwk' });
    this.#jwk = { kty, crv, x, y };
  }

  /** The public key as sessions store it. */
  get stored(): string {
    return `${String(this.#jwk['x'])}.${String(this.#jwk['y'])}`;
  }

  /** The proof with which a browser registers: it contains the public key. */
  registration(challenge: string, { header, ...forgery }: Forgery = {}): string {
    return this.proof(challenge, { ...forgery, header: { jwk: this.#jwk, ...header } });
  }

  /** The proof with which a browser renews the bound cookie. */
  proof(challenge: string, { header, claims, signer = this }: Forgery = {}): string {
    const head = encoded({ alg: 'ES256', typ: 'dbsc+jwt', ...header });
    const signed = `${head}.${encoded({ jti: challenge, ...claims })}`;
    const signature = sign('sha256', Buffer.from(signed), {
      key: signer.#privateKey,
      dsaEncoding: 'ieee-p1363',
    });
    return `${signed}.${signature.toString('base64url')}`;
  }
}

function encoded(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}
