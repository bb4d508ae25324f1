import { identitySessionDto } from '../../../lib/protocols/abp/identity-session-dto';
import { withoutSecret, type StoredSession } from '../../../lib/session/session';
import { aSession } from '../../support/sessions';

const NOON = Date.UTC(2026, 0, 15, 12);
const ID = '0198c1a200007000800000000000000a';
const session = (said: Partial<StoredSession> = {}) =>
  withoutSecret(aSession(NOON, { sessionId: ID, ...said }));

describe('the DTO of a session', () => {
  it('contains exactly the fields of ABP', () => {
    const used = session({
      tenantId: 'acme',
      clientId: 'mail',
      device: 'OAuth',
      ipAddresses: ['192.0.2.1', '192.0.2.2'],
      lastAccessed: NOON + 1,
      extraProperties: { idToken: 'for nobody' },
      data: { cart: 1 },
      authId: 'auth',
    });
    const said = { userName: 'Alice', tenantName: 'Acme', extraProperties: { seat: 3 } };
    expect(identitySessionDto(used, used, said)).toEqual({
      id: '0198c1a2-0000-7000-8000-00000000000a',
      sessionId: '0198c1a2-0000-7000-8000-00000000000a',
      isCurrent: true,
      device: 'OAuth',
      deviceInfo: 'Firefox 140 on Linux',
      tenantId: 'acme',
      tenantName: 'Acme',
      userId: 'alice',
      userName: 'Alice',
      clientId: 'mail',
      ipAddresses: ['192.0.2.1', '192.0.2.2'],
      signedIn: '2026-01-15T12:00:00.000Z',
      lastAccessed: '2026-01-15T12:00:00.001Z',
      extraProperties: { seat: 3 },
    });
  });

  it('contains no invisible characters in descriptions and names', () => {
    const posing = session({ device: 'We\u200bb', deviceInfo: 'Chrome\u202e 138', clientId: 'mail\n' });
    const said = { userName: 'Ali\u2066ce', tenantName: 'Ac\u061cme', extraProperties: { seat: '\u202e3' } };
    expect(identitySessionDto(posing, posing, said)).toMatchObject({
      device: 'Web',
      deviceInfo: 'Chrome 138',
      clientId: 'mail',
      userName: 'Alice',
      tenantName: 'Acme',
      extraProperties: { seat: '\u202e3' },
    });
  });

  it('contains null for unknown values and no extra properties of the app', () => {
    const fresh = session({ deviceInfo: null, extraProperties: { idToken: 'for nobody' } });
    expect(identitySessionDto(fresh, session({ sessionId: 'b'.repeat(32) }))).toMatchObject({
      isCurrent: false,
      deviceInfo: null,
      tenantId: null,
      tenantName: null,
      userName: null,
      clientId: null,
      lastAccessed: null,
      extraProperties: {},
    });
  });
});
