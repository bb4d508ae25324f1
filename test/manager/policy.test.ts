import { nodesOnADatabase } from '../support/nodes';
import { settingsOf } from '../../lib/options/settings';
import { memory } from '../../lib';
import { mostKept } from '../../lib/manager/policy';

const { use } = bound(nodesOnADatabase());

function bound(nodes: ReturnType<typeof nodesOnADatabase>) {
  return { use: nodes.use.bind(nodes) };
}

describe('setPolicy', () => {
  it('rejects an unknown rule about concurrent logins and changes nothing', async () => {
    const { administration } = use();
    const patch = { preventConcurrentLogin: 'Always' };
    await expect(administration.setPolicy(patch as never)).rejects.toMatchObject({
      code: 'invalid-request',
      message: expect.stringContaining('"preventConcurrentLogin"'),
      field: 'preventConcurrentLogin',
    });
    expect(await administration.policy()).toEqual({});
  });

  it.each([999, 1000.5, 1e15, '1H', NaN])(
    'rejects the idle timeout %j and changes nothing',
    async (idleTimeout) => {
      const { administration } = use();
      const patch = { idleTimeout, preventConcurrentLogin: 'Disabled' };
      await expect(administration.setPolicy(patch as never)).rejects.toMatchObject({
        code: 'invalid-request',
        field: 'idleTimeout',
      });
      expect(await administration.policy()).toEqual({});
    },
  );

  it.each([[{ protocols: [] }], [{ protocols: { example: 'text' } }], [{ protocols: { example: [1] } }]])(
    'rejects %j, because the settings of a protocol must be a JSON object',
    async (patch) => {
      const { administration } = use();
      await expect(administration.setPolicy(patch as never)).rejects.toThrow(/protocols/);
      expect(await administration.policy()).toEqual({});
    },
  );

  it.each([{ preventConcurentLogin: 'Disabled' }, 'Disabled', null, undefined])(
    'rejects the patch %j, because it names no setting',
    async (patch) => {
      await expect(use().administration.setPolicy(patch as never)).rejects.toThrow(/`setPolicy`/);
    },
  );

  it.each(['maxSessionsPerUser', 'maxSessionsPerClient', 'maxSessionsPerDevice'])(
    'rejects invalid values of %s and changes nothing',
    async (name) => {
      const { administration } = use();
      for (const value of [0, -1, 1.5, 1_000_001, '5', NaN, -Infinity]) {
        const patch = { preventConcurrentLogin: 'Disabled', [name]: value };
        await expect(administration.setPolicy(patch as never)).rejects.toMatchObject({
          code: 'invalid-request',
          field: name,
        });
      }
      expect(await administration.policy()).toEqual({});
    },
  );

  it('does not change the reaction at a limit, which is an option', async () => {
    await expect(use().administration.setPolicy({ onLimit: 'refuse' } as never)).rejects.toThrow(/`onLimit`/);
  });
});

describe('mostKept', () => {
  const kept = (options: object, policy: object) =>
    mostKept(settingsOf({ store: memory(), ...options }), policy);

  it('is never below the limit in force', () => {
    expect(kept({}, {})).toBe(500);
    expect(kept({ maxSessionsPerUser: 900 }, {})).toBe(900);
    expect(kept({ maxSessionsPerUser: 900 }, { maxSessionsPerUser: 5 })).toBe(500);
    expect(kept({ maxSessionsPerUser: 5 }, { maxSessionsPerUser: 900 })).toBe(900);
    expect(kept({ maxSessionsPerUser: 900 }, { maxSessionsPerUser: Infinity })).toBe(500);
    expect(kept({ maxSessionsKept: false }, { maxSessionsPerUser: 900 })).toBe(false);
  });
});
