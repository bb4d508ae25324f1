import { type Client, expectError, FIREFOX, json, OpenXchangeApp, UI } from '../../support/open-xchange';
import { valuesOf } from '../../support/transcript';

const ox = new OpenXchangeApp();

describe('logout', () => {
  beforeEach(() => ox.arrange());

  it('returns an empty answer and clears the cookies of the request', async () => {
    const client = await ox.signedIn();
    const answer = await client.act('logout');
    expect([answer.status, answer.body]).toEqual([200, '']);
    expect(valuesOf(answer, 'Set-Cookie')).toHaveLength(1);
    expect(client.jar.size).toBe(0);
    expectError(await client.use(), 'SES-0203', [client.session]);
  });

  it('returns 400 without a session, and 403 for a session of another caller', async () => {
    const client = await ox.signedIn();
    const status = async (one: Client, target: string) => {
      const answer = await one.send('GET', `/ajax/login?action=logout${target}`);
      expect([answer.body, valuesOf(answer, 'Set-Cookie')]).toEqual(['', expect.anything()]);
      return answer.status;
    };
    expect(await status(client, '')).toBe(400);
    expect(await status(client, '&session=x')).toBe(403);
    expect(await status(client, `&session=${'0'.repeat(32)}`)).toBe(403);
    expect(await status(ox.client(), `&session=${client.session}`)).toBe(403);
    expect(json(await client.use())).toEqual({ data: 'alice' });
    const jar = new Map(client.jar);
    expect(await status(client, `&session=${client.session}`)).toBe(200);
    expect(await status(ox.client(FIREFOX, UI, jar), `&session=${client.session}`)).toBe(403);
  });
});
