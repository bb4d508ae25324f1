import { expectError, OpenXchangeApp } from '../../support/open-xchange';
import { valuesOf } from '../../support/transcript';

const ox = new OpenXchangeApp();

describe('the actions of a module', () => {
  beforeEach(() => ox.arrange());

  it('run the action that the query or the form names', async () => {
    const client = await ox.signedIn();
    for (const [target, form] of [
      [`/ajax/login?action=refreshSecret&session=${client.session}`, 'a=b'],
      ['/ajax/login', `action=refreshSecret&session=${client.session}`],
    ] as const) {
      expect((await client.send('POST', target, form)).body).toBe('{"data":"1"}');
    }
  });

  it('return only the beginning of the name of an unknown action', async () => {
    const answer = await ox.client().send('GET', `/ajax/login?action=${'x'.repeat(5000)}`);
    expectError(answer, 'SVL-0001', ['x'.repeat(64)]);
  });

  it('return an error of the protocol for a body that cannot be parsed', async () => {
    const answer = await ox.client().send('POST', '/ajax/login?action=login', `name=${'x'.repeat(100_000)}`);
    expectError(answer, 'SVL-0004', ['The body cannot be read.']);
    expect(valuesOf(answer, 'Content-Type')).toEqual(['text/javascript; charset=UTF-8']);
  });

  it('reject a password in the URI for every action', async () => {
    const client = await ox.signedIn();
    const answer = await client.act('logout', '&password=');
    expectError(answer, 'SVL-0030', ['password']);
    expect((await client.use()).status).toBe(200);
  });
});
