import { type Client, expectError, FIREFOX, json, OpenXchangeApp, UI } from '../../support/open-xchange';
import { valuesOf } from '../../support/transcript';

const ox = new OpenXchangeApp();

describe('logout', () => {
  beforeEach(() => ox.arrange());

  it('answers with nothing, and removes what came along', async () => {
    const client = await ox.signedIn();
    const answer = await client.act('logout');
    expect([answer.status, answer.body]).toEqual([200, '']);
    expect(valuesOf(answer, 'Set-Cookie')).toHaveLength(1);
    expect(client.jar.size).toBe(0);
    expectError(await client.use(), 'SES-0203', [client.session]);
  });

  it('without a session is a 400, and a 403 for one that the caller is not in', async () => {
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
