import { sessionDescriber } from '../../../lib/protocols/abp/description';
import { withoutSecret, type StoredSession } from '../../../lib/session/session';
import { turns } from '../../support/gate';
import { aSession } from '../../support/sessions';

const session = (said: Partial<StoredSession> = {}) => withoutSecret(aSession(1000, said));

describe('the functions of the app that describe sessions', () => {
  it('are called once for each user and tenant of a page, and may return promises', async () => {
    const userNameOf = jest.fn(async ({ userId }: { userId: string }) => userId.toUpperCase());
    const tenantNameOf = jest.fn((tenantId: string) => `The ${tenantId}`);
    const sessions = [
      session({ userId: 'alice' }),
      session({ userId: 'alice' }),
      session({ userId: 'alice', tenantId: 'acme' }),
      session({ userId: 'bob', tenantId: 'acme' }),
    ];
    const shown = await sessionDescriber({ userNameOf, tenantNameOf })(sessions, sessions[0]!);
    expect(shown.map(({ userName, tenantName, isCurrent }) => [userName, tenantName, isCurrent])).toEqual([
      ['ALICE', null, true],
      ['ALICE', null, false],
      ['ALICE', 'The acme', false],
      ['BOB', 'The acme', false],
    ]);
    expect(userNameOf.mock.calls).toEqual([
      [{ tenantId: null, userId: 'alice' }],
      [{ tenantId: 'acme', userId: 'alice' }],
      [{ tenantId: 'acme', userId: 'bob' }],
    ]);
    expect(tenantNameOf).toHaveBeenCalledTimes(1);
  });

  it('may be missing', async () => {
    const one = session({ tenantId: 'acme', extraProperties: { idToken: 'for nobody' } });
    for (const said of [
      {},
      { userNameOf: () => undefined, tenantNameOf: () => null, extraPropertiesOf: () => undefined },
    ]) {
      expect(await sessionDescriber(said)([one], one)).toEqual([
        expect.objectContaining({ userName: null, tenantName: null, extraProperties: {} }),
      ]);
    }
  });

  it('decide which extra properties are shown', async () => {
    const one = session({ extraProperties: { seat: 3, idToken: 'for nobody' } });
    const extraPropertiesOf = ({ extraProperties: { seat } }: typeof one) => ({ seat });
    const [shown] = await sessionDescriber({ extraPropertiesOf })([one], one);
    expect(shown!.extraProperties).toEqual({ seat: 3 });
  });

  it('fail the response if one of them fails', async () => {
    const failing = {
      userNameOf: () => {
        throw new Error('no names');
      },
    };
    await expect(sessionDescriber(failing)([session(), session()], session())).rejects.toThrow('no names');
  });

  it('fail the response once, without an unhandled rejection, if two of them fail', async () => {
    const failing = {
      userNameOf: () => Promise.reject(new Error('no names of users')),
      tenantNameOf: () => {
        throw new Error('no names of tenants');
      },
    };
    const one = session({ tenantId: 'acme' });
    await expect(sessionDescriber(failing)([one], one)).rejects.toThrow('no names of');
    // An unhandled rejection would fail this test.
    await turns();
  });
});
