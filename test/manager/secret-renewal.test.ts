import { memory, type IdentitySessionManager, type IdentitySessionOptions } from '../../lib';
import type { SessionEvent } from '../../lib/events';
import type { Visit } from '../../lib/manager/verification';
import type { Credentials } from '../../lib/session/credentials';
import { GatedStore, until } from '../support/gate';
import { managerOn } from '../support/manager';
import { nodesOnADatabase, open, refusal } from '../support/nodes';
import { Proxy } from '../support/proxy';
import { DAY, HOUR } from '../support/sessions';

const nodes = nodesOnADatabase();

const GRACE = 60_000;
const LIVES: IdentitySessionOptions = {
  shortLifetime: '400D',
  longLifetime: '400D',
  inactiveTimeSpan: '400D',
};

/** Managers on two nodes with long lifetimes, so that only rotation matters. With `lease: 0` nothing is cached. */
function two(options: IdentitySessionOptions = {}): [IdentitySessionManager, IdentitySessionManager] {
  return [nodes.use({ ...LIVES, lease: 0, ...options }), nodes.use({ ...LIVES, lease: 0, ...options })];
}

/** The credentials of a client that keeps the newest secret, like a browser's jar. */
class Jar {
  constructor(public credentials: Credentials) {}

  /** A request whose response reaches the client. Returns the secret that it carried, if any. */
  async request(node: IdentitySessionManager, visit: Visit = {}): Promise<string | undefined> {
    const given = await this.lost(node, visit);
    if (given !== undefined) this.credentials = { ...this.credentials, secret: given };
    return given;
  }

  /** A request whose response is lost. */
  async lost(node: IdentitySessionManager, visit: Visit = {}): Promise<string | undefined> {
    let given: string | undefined;
    await node.verify(this.credentials, { onNewSecret: (secret) => (given = secret), ...visit });
    return given;
  }

  /** A request that cannot carry a new secret. */
  async bare(node: IdentitySessionManager): Promise<void> {
    await node.verify(this.credentials);
  }

  copy(): Jar {
    return new Jar(this.credentials);
  }
}

async function jarOn(node: IdentitySessionManager): Promise<Jar> {
  return new Jar((await open(node)).credentials);
}

async function rowOf({ credentials: { sessionId } }: Jar): Promise<Record<string, unknown>> {
  return (await nodes.database.knex('identity_sessions').where({ session_id: sessionId }).first())!;
}

describe('rotation', () => {
  it('replaces a secret that is 24 hours old when it is used, and not before', async () => {
    const [one] = two();
    const jar = await jarOn(one);
    nodes.clock.advance(DAY - 1);
    expect(await jar.request(one)).toBeUndefined();
    nodes.clock.advance(1);
    const given = await jar.request(one);
    expect(given).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(await jar.request(one)).toBeUndefined();
  });

  it('gives the same new secret to every request with the earlier one, on every node and days later', async () => {
    const [one, other] = two();
    const jar = await jarOn(one);
    nodes.clock.advance(DAY);
    const given = await jar.lost(one);
    expect(given).toBeDefined();
    nodes.clock.advance(HOUR);
    expect(await jar.lost(other)).toBe(given);
    nodes.clock.advance(5 * DAY);
    expect(await jar.request(one)).toBe(given);
    expect(await jar.request(other)).toBeUndefined();
  });

  it('gives one secret to 20 parallel requests over two nodes', async () => {
    const [one, other] = two();
    const jar = await jarOn(one);
    nodes.clock.advance(DAY);
    const given = await Promise.all(Array.from({ length: 20 }, (_, i) => jar.lost(i % 2 ? one : other)));
    expect(new Set(given).size).toBe(1);
    expect(given[0]).toBeDefined();
  });

  it('rotates nothing in requests that cannot carry a new secret, which accept the earlier one as well', async () => {
    const [one] = two();
    const jar = await jarOn(one);
    nodes.clock.advance(DAY);
    await jar.bare(one);
    expect((await rowOf(jar))['earlier_secret_hashes']).toBeNull();
    await jar.lost(one);
    await jar.bare(one);
  });

  it('rotates nothing with `rotateAfter: false`, also not at autologin', async () => {
    const [one] = two({ rotateAfter: false });
    const jar = await jarOn(one);
    nodes.clock.advance(30 * DAY);
    expect(await jar.request(one)).toBeUndefined();
    await one.revive(jar.credentials, { onNewSecret: () => expect(true).toBe(false) });
  });

  it('rotates at every autologin, but not while the new secret can still be lost', async () => {
    const [one] = two();
    const jar = await jarOn(one);
    const revived = async () => {
      let given: string | undefined;
      await one.revive(jar.credentials, { onNewSecret: (secret) => (given = secret) });
      if (given !== undefined) jar.credentials = { ...jar.credentials, secret: given };
      return given;
    };
    expect(await revived()).toBeDefined();
    nodes.clock.advance(GRACE - 1);
    expect(await revived()).toBeUndefined();
    nodes.clock.advance(1);
    expect(await revived()).toBeDefined();
  });

  it('changes the store once for a rotation and once for its confirmation', async () => {
    const gated = new GatedStore(memory());
    const node = managerOn({ ...LIVES, store: gated.store, clock: nodes.clock });
    const jar = await jarOn(node);
    const changes = () => gated.asked['changeSecret'] ?? 0;
    nodes.clock.advance(DAY);
    await jar.request(node);
    expect(changes()).toBe(1);
    await jar.request(node);
    expect(changes()).toBe(1);
    nodes.clock.advance(GRACE);
    await jar.request(node);
    await jar.request(node);
    expect(changes()).toBe(2);
    await node.close();
  });

  it('keeps nothing usable in the database', async () => {
    const [one] = two();
    const jar = await jarOn(one);
    const secrets = [jar.credentials.secret as string];
    for (let day = 0; day < 3; day++) {
      nodes.clock.advance(DAY);
      secrets.push((await jar.request(one))!);
    }
    const { rows } = await nodes.database.knex.raw<{ rows: object[] }>(
      'select s::text from identity_sessions s',
    );
    const dump = JSON.stringify(rows);
    for (const secret of secrets) {
      const bytes = Buffer.from(secret, 'base64url');
      for (const form of [
        secret,
        bytes.toString('hex'),
        bytes.subarray(0, 16).toString('hex'),
        bytes.subarray(16).toString('hex'),
      ]) {
        expect(dump).not.toContain(form);
      }
    }
    for (const value of Object.values(await rowOf(jar)).filter(Buffer.isBuffer)) {
      const stolen = { ...jar.credentials, secret: value.toString('base64url') };
      await expect((async () => one.verify(stolen))()).rejects.toMatchObject(
        refusal('credentials-invalid') as object,
      );
    }
    await jar.bare(one);
  });
});

describe('theft', () => {
  /** A session whose secret was copied, then replaced, and whose new secret was confirmed. */
  async function stolen(options: IdentitySessionOptions = {}) {
    const [one, other] = two(options);
    const owner = await jarOn(one);
    const thief = owner.copy();
    nodes.clock.advance(DAY);
    await owner.request(one);
    nodes.clock.advance(GRACE);
    await owner.request(one);
    return { one, other, owner, thief };
  }

  it('is found when the earlier secret is used after the confirmation, and ends the session on all nodes', async () => {
    const { one, other, owner, thief } = await stolen();
    await expect(thief.lost(other)).rejects.toMatchObject({
      code: 'session-ended',
      endReason: 'secret-reused',
    });
    for (const jar of [owner, thief]) {
      for (const node of [one, other]) {
        await expect(jar.lost(node)).rejects.toMatchObject({
          code: 'session-ended',
          endReason: 'secret-reused',
        });
      }
    }
  });

  it('is found if the thief used the session first, so that the owner has the earlier secret', async () => {
    const [one] = two();
    const owner = await jarOn(one);
    const thief = owner.copy();
    nodes.clock.advance(DAY);
    await thief.request(one);
    nodes.clock.advance(GRACE);
    await thief.request(one);
    await expect(owner.lost(one)).rejects.toMatchObject({ endReason: 'secret-reused' });
    await expect(thief.lost(one)).rejects.toMatchObject({ endReason: 'secret-reused' });
  });

  it('is found with a secret of two rotations ago', async () => {
    const { one, owner, thief } = await stolen();
    nodes.clock.advance(DAY);
    await owner.request(one);
    await expect(thief.lost(one)).rejects.toMatchObject({ endReason: 'secret-reused' });
  });

  it.each<[string, (node: IdentitySessionManager, jar: Jar) => unknown]>([
    ['a request that cannot carry a new secret', (node, jar) => jar.bare(node)],
    ['autologin', (node, jar) => node.revive(jar.credentials)],
  ])('is found by %s', async (_, act) => {
    const { one, owner, thief } = await stolen();
    await expect((async () => act(one, thief))()).rejects.toMatchObject({ endReason: 'secret-reused' });
    await expect(owner.lost(one)).rejects.toMatchObject({ endReason: 'secret-reused' });
  });

  it.each<[string, (node: IdentitySessionManager, jar: Jar) => unknown]>([
    ['a sign-out', (node, jar) => node.signOut(jar.credentials)],
    ['a sign-in that replaces it', (node, jar) => node.open({ userId: 'alice', replaces: jar.credentials })],
  ])('is found by %s, which succeeds', async (_, act) => {
    const report = jest.fn<void, [SessionEvent]>();
    const { one, owner, thief } = await stolen({ report });
    await act(one, thief);
    await expect(owner.lost(one)).rejects.toMatchObject({ endReason: 'secret-reused' });
    expect(report).toHaveBeenCalledWith(expect.objectContaining({ type: 'secret-reused' }));
  });

  it('is not assumed for a wrong secret, and not before a confirmation', async () => {
    const { one, owner } = await stolen();
    const wrong = new Jar({ ...owner.credentials, secret: 'A'.repeat(43) });
    await expect(wrong.lost(one)).rejects.toMatchObject({ code: 'credentials-invalid' });
    await owner.bare(one);

    const fresh = await jarOn(one);
    const secret = fresh.credentials.secret as string;
    const altered = new Jar({
      ...fresh.credentials,
      secret: secret.slice(0, -2) + (secret.endsWith('AA') ? 'BA' : 'AA'),
    });
    await expect(altered.lost(one)).rejects.toMatchObject({ code: 'credentials-invalid' });
    await fresh.bare(one);
  });

  it('is decided by the database, although a node has cached the session from before the confirmation', async () => {
    const [one, other] = two({ lease: '1M' });
    const owner = await jarOn(one);
    const thief = owner.copy();
    nodes.clock.advance(DAY);
    await owner.request(one);
    await owner.bare(other);
    nodes.clock.advance(GRACE);
    await owner.request(one);
    await expect(thief.lost(other)).rejects.toMatchObject({ endReason: 'secret-reused' });
  });
});

describe('rotation during an outage', () => {
  it('accepts the current secret without a rotation or a confirmation, and rotates afterwards', async () => {
    const proxy = await Proxy.before(nodes.database.url);
    const knex = nodes.database.connect({ connection: proxy.through(nodes.database.url) });
    const { port } = proxy;
    const node = nodes.use({ ...LIVES, knex, lease: '1M', requestBudget: 1000, report: () => undefined });
    try {
      const jar = await jarOn(node);
      nodes.clock.advance(DAY - 30_000);
      await until(() => {
        nodes.clock.advance(100);
        const verified = node.verify(jar.credentials);
        return verified instanceof Promise ? verified.then(() => false) : true;
      });
      await proxy.down();
      nodes.clock.advance(30_000);
      expect(await jar.request(node)).toBeUndefined();
      await proxy.up(port);
      await until(async () => {
        // The circuit breaker waits by this clock.
        nodes.clock.advance(1000);
        await jar.request(node).catch(() => undefined);
        return (await rowOf(jar))['earlier_secret_hashes'] !== null;
      });
    } finally {
      await node.close();
      await proxy.down().catch(() => undefined);
    }
  });
});

describe('replaceSecret', () => {
  const LOW = { data: { assurance: 'low' } };

  it('gives the new secret to its caller only, and lets the earlier one see the earlier fields for the grace period', async () => {
    const [one, other] = two();
    const jar = await jarOn(one);
    const earlier = jar.copy();
    await one.update(jar.credentials.sessionId, { data: { assurance: 'high' } });
    const { session, secret } = await one.replaceSecret(jar.credentials, { earlierAssurance: LOW });
    expect(session.sessionId).toBe(jar.credentials.sessionId);
    jar.credentials = { ...jar.credentials, secret };
    for (const node of [one, other]) {
      expect(await node.verify(jar.credentials)).toMatchObject({ data: { assurance: 'high' } });
      expect(await node.verify(earlier.credentials)).toMatchObject({ data: { assurance: 'low' } });
      expect(await earlier.lost(node)).toBeUndefined();
    }
    nodes.clock.advance(GRACE);
    await expect(earlier.lost(one)).rejects.toMatchObject({ code: 'credentials-invalid' });
    await jar.request(other);
    await expect(earlier.lost(one)).rejects.toMatchObject({
      code: 'session-ended',
      endReason: 'secret-reused',
    });
  });

  it('accepts an earlier secret whose client has not received the current one', async () => {
    const [one] = two();
    const jar = await jarOn(one);
    nodes.clock.advance(DAY);
    await jar.lost(one);
    const { secret } = await one.replaceSecret(jar.credentials, { earlierAssurance: LOW });
    await one.verify({ ...jar.credentials, secret });
    expect(await one.verify(jar.credentials)).toMatchObject(LOW);
  });

  it('succeeds for each of several parallel calls, and leaves one current secret', async () => {
    const [one, other] = two();
    const jar = await jarOn(one);
    const calls = [one, other, one, other].map((node) =>
      node.replaceSecret(jar.credentials, { earlierAssurance: LOW }),
    );
    const secrets = (await Promise.all(calls)).map(({ secret }) => secret);
    const seen = await Promise.all(secrets.map(async (secret) => one.verify({ ...jar.credentials, secret })));
    expect(seen.filter(({ data }) => data['assurance'] !== 'low')).toHaveLength(1);
  });

  it('returns the presented secret if the secret of the session cannot change', async () => {
    const [one] = two();
    const { session, secret } = await one.open({ userId: 'alice', secretForm: 'hex' });
    const replaced = await one.replaceSecret(
      { sessionId: session.sessionId, secret },
      { earlierAssurance: LOW },
    );
    expect(replaced.secret).toBe(secret);
  });

  it.each([undefined, null, [], 'aal1'])(
    'rejects %p as the earlier assurance, and changes nothing',
    async (given) => {
      const [one] = two();
      const jar = await jarOn(one);
      const replacing = one.replaceSecret(jar.credentials, { earlierAssurance: given as never });
      await expect(replacing).rejects.toThrow(new TypeError('`earlierAssurance` must be a JSON object'));
      nodes.clock.advance(GRACE);
      expect(await jar.lost(one)).toBeUndefined();
    },
  );

  it('rejects wrong secrets, reused ones and sessions that have ended', async () => {
    const [one] = two();
    const jar = await jarOn(one);
    const replaced = (secret: unknown) =>
      one.replaceSecret({ ...jar.credentials, secret: secret as string }, { earlierAssurance: LOW });
    await expect(replaced('A'.repeat(43))).rejects.toMatchObject({ code: 'credentials-invalid' });
    const first = jar.credentials.secret;
    nodes.clock.advance(DAY);
    await jar.request(one);
    nodes.clock.advance(GRACE);
    await jar.request(one);
    await expect(replaced(first)).rejects.toMatchObject({
      code: 'session-ended',
      endReason: 'secret-reused',
    });
    await expect(replaced(jar.credentials.secret)).rejects.toMatchObject({ code: 'session-ended' });
  });
});
