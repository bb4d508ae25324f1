import {
  openXchangeSettings,
  type OpenXchangeBasis,
  type OpenXchangeOptions,
} from '../../../lib/protocols/open-xchange/options';
import { describeOxDevice } from '../../../lib/session/device/describe';

const BASIS: Pick<OpenXchangeBasis, 'cookies' | 'nodeId'> = {
  cookies: { ttl: 604_800_000, secure: true, sameSite: 'lax' },
  nodeId: null,
};

function settings(options: OpenXchangeOptions, basis = BASIS) {
  return openXchangeSettings(options, basis);
}

describe('the options of the dialect', () => {
  it('have the documented defaults', () => {
    expect(settings({})).toMatchObject({
      cookieHash: 'calculate',
      cookieHashFields: [],
      cookieHashSalt: 'replaceMe1234567890',
      cookieTtl: 604_800_000,
      httpOnly: true,
      publicSession: false,
      stickyCookie: false,
      defaultClient: 'open-xchange-appsuite',
      describeDevice: describeOxDevice,
    });
  });

  it('are applied as given', () => {
    expect(settings({ cookieTtl: '2D', cookieHashFields: ['X-One'], cookieHashSalt: '' })).toMatchObject({
      cookieTtl: 172_800_000,
      cookieHashFields: ['x-one'],
      cookieHashSalt: '',
    });
    expect(settings({ cookieTtl: 'web-browser' }).cookieTtl).toBeUndefined();
    expect(settings({ stickyCookie: true }, { ...BASIS, nodeId: 'OX1' }).stickyCookie).toBe(true);
  });

  it('are rejected if cookies are sent to frames of other sites, because clients log in by GET', () => {
    const basis = { ...BASIS, cookies: { ...BASIS.cookies, sameSite: 'none' as const } };
    expect(() => settings({}, basis)).toThrow(TypeError);
    expect(() => settings({}, basis)).toThrow('create another manager for this protocol');
  });

  it.each([
    [{ cookieHash: 'guess' }, 'openXchange.cookieHash'],
    [{ cookieHashFields: ['a b'] }, 'openXchange.cookieHashFields'],
    [{ cookieHashSalt: 1 }, 'openXchange.cookieHashSalt'],
    [{ cookieTtl: 'browser' }, 'openXchange.cookieTtl'],
    [{ cookieTtl: 0 }, 'openXchange.cookieTtl'],
    [{ httpOnly: 'no' }, 'openXchange.httpOnly'],
    [{ publicSession: 1 }, 'openXchange.publicSession'],
    [{ stickyCookie: true }, 'nodeId'],
    [{ defaultClient: '' }, 'openXchange.defaultClient'],
    [{ describeDevice: {} }, 'openXchange.describeDevice'],
    [{ httponly: true }, 'did you mean `openXchange.httpOnly`?'],
  ])('are rejected with the name of the wrong option: %j', (options, problem) => {
    expect(() => settings(options as OpenXchangeOptions)).toThrow(TypeError);
    expect(() => settings(options as OpenXchangeOptions)).toThrow(problem);
  });
});
