import { isSignedBy, readProof } from '../../lib/session/binding-proof';
import { DeviceKey } from '../support/device-key';

const device = new DeviceKey();
const thief = new DeviceKey();

describe('readProof', () => {
  it('returns the challenge and the key of a registration', () => {
    const proof = readProof(device.registration('a challenge'))!;
    expect(proof).toMatchObject({ challenge: 'a challenge', key: device.stored });
    expect(isSignedBy(proof, device.stored)).toBe(true);
  });

  it('returns no key if the proof contains none', () => {
    const proof = readProof(device.proof('a challenge'))!;
    expect(proof.key).toBeUndefined();
    expect(isSignedBy(proof, device.stored)).toBe(true);
  });

  it.each<[string, string]>([
    ['without a signature', device.proof('c').replace(/[^.]*$/, '')],
    ['with the algorithm none', device.proof('c', { header: { alg: 'none' } })],
    [
      'with the algorithm none and no signature',
      `${device.proof('c', { header: { alg: 'none' } }).replace(/[^.]*$/, '')}`,
    ],
    ['with the algorithm RS256', device.proof('c', { header: { alg: 'RS256' } })],
    ['with the algorithm HS256', device.proof('c', { header: { alg: 'HS256' } })],
    ['of another type', device.proof('c', { header: { typ: 'JWT' } })],
    ['without a challenge', device.proof('c', { claims: { jti: undefined } })],
    ['with a number as challenge', device.proof('c', { claims: { jti: 1 } })],
    ['of 16 KB', device.proof('c', { claims: { padding: 'x'.repeat(16_000) } })],
    ['of two parts', 'e30.e30'],
    ['that is no JSON', `eA.eA.${'A'.repeat(86)}`],
    ['that is null', `bnVsbA.bnVsbA.${'A'.repeat(86)}`],
    ['that is empty', ''],
  ])('returns undefined for a proof %s', (_, text) => {
    expect(readProof(text)).toBeUndefined();
  });

  it.each<[string, unknown]>([
    ['of another curve', { kty: 'EC', crv: 'P-384', x: 'A'.repeat(43), y: 'A'.repeat(43) }],
    ['of another type', { kty: 'RSA', n: 'A', e: 'AQAB' }],
    ['with a short coordinate', { kty: 'EC', crv: 'P-256', x: 'A'.repeat(42), y: 'A'.repeat(43) }],
    ['that is text', 'key'],
    ['that is null', null],
  ])('returns no key %s', (_, jwk) => {
    expect(readProof(device.registration('c', { header: { jwk } }))?.key).toBeUndefined();
  });
});

describe('isSignedBy', () => {
  it('refuses the signature of another key', () => {
    expect(isSignedBy(readProof(device.proof('c', { signer: thief }))!, device.stored)).toBe(false);
    expect(isSignedBy(readProof(device.proof('c'))!, thief.stored)).toBe(false);
  });

  it('refuses a signature over another challenge', () => {
    const [head, , signature] = device.proof('old').split('.');
    const [, payload] = device.proof('new').split('.');
    expect(isSignedBy(readProof(`${head}.${payload}.${signature}`)!, device.stored)).toBe(false);
  });

  it('refuses a point that is not on the curve, and text that is no key', () => {
    const proof = readProof(device.proof('c'))!;
    expect(isSignedBy(proof, `${'A'.repeat(43)}.${'B'.repeat(43)}`)).toBe(false);
    expect(isSignedBy(proof, 'no key')).toBe(false);
    expect(isSignedBy(proof, '')).toBe(false);
  });
});
