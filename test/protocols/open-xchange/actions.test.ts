import { expectError, OpenXchangeApp } from '../../support/open-xchange';
import { valuesOf } from '../../support/transcript';

const ox = new OpenXchangeApp();

describe('a module', () => {
  beforeEach(() => ox.arrange());

  it('does what the action says, from the query or from the form', async () => {
    const client = await ox.signedIn();
    for (const [target, form] of [
      [`/ajax/login?action=refreshSecret&session=${client.session}`, 'a=b'],
      ['/ajax/login', `action=refreshSecret&session=${client.session}`],
    ] as const) {
      expect((await client.send('POST', target, form)).body).toBe('{"data":"1"}');
    }
  });

  it('repeats no more than the beginning of an action that it does not know', async () => {
    const answer = await ox.client().send('GET', `/ajax/login?action=${'x'.repeat(5000)}`);
    expectError(answer, 'SVL-0001', ['x'.repeat(64)]);
  });

  it('answers a body that cannot be read in its own words', async () => {
    const answer = await ox.client().send('POST', '/ajax/login?action=login', `name=${'x'.repeat(100_000)}`);
    expectError(answer, 'SVL-0004', ['The body cannot be read.']);
    expect(valuesOf(answer, 'Content-Type')).toEqual(['text/javascript; charset=UTF-8']);
  });

  it('takes no password from the URI, whatever the action', async () => {
    const client = await ox.signedIn();
    const answer = await client.act('logout', '&password=');
    expectError(answer, 'SVL-0030', ['password']);
    expect((await client.use()).status).toBe(200);
  });
});
