import type { Request } from 'express';
import { Passport } from 'passport';
import { Passport as Passport6 } from 'passport6';

import { AppUsers, userIdOf } from '../../lib/passport/app-users';
import { aSession } from '../support/sessions';

const request = {} as Request;

describe.each([
  ['0.6', Passport6],
  ['0.7', Passport],
])('the users of Passport %s', (_, Class) => {
  it.each([
    [7, 7],
    ['alice', 'alice'],
    [
      { id: 7, name: 'alice' },
      { id: 7, name: 'alice' },
    ],
    [{ toJSON: () => '66aa' }, '66aa'],
  ])('are serialized as they will be read from JSON: %j', async (value, stored) => {
    const passport = new Class();
    passport.serializeUser((_user, done) => done(null, value));
    expect(await new AppUsers(passport).serialized({}, request)).toEqual(stored);
  });

  it('are deserialized from the stored value, or from the user id of sessions without one', async () => {
    const passport = new Class();
    passport.deserializeUser((id, done) => done(null, { id }));
    const users = new AppUsers(passport);
    const session = aSession(0, { protocolData: { passport: { user: 7 } } });
    expect(await users.userOf(session, request)).toEqual({ id: 7 });
    expect(await users.userOf(aSession(0), request)).toEqual({ id: 'alice' });
  });

  it.each([null, false, undefined])('do not exist if deserializeUser returns %s', async (found) => {
    const passport = new Class();
    passport.deserializeUser((_id, done) => done(null, found as never));
    passport.deserializeUser((_id, done) => done(null, null));
    expect(await new AppUsers(passport).userOf(aSession(0), request)).toBeUndefined();
  });

  it('fail with the error of the app', async () => {
    const passport = new Class();
    const error = new Error('The accounts cannot be read.');
    passport.deserializeUser((_id, done) => done(error));
    await expect(new AppUsers(passport).userOf(aSession(0), request)).rejects.toBe(error);
  });

  it('fail with a hint if the app gave no function to this Passport', async () => {
    const users = new AppUsers(new Class());
    await expect(users.serialized({}, request)).rejects.toThrow('`passport.serializeUser`');
    await expect(users.userOf(aSession(0), request)).rejects.toThrow('`passport.deserializeUser`');
  });
});

describe('userIdOf', () => {
  it.each([
    [7, '7'],
    [0, '0'],
    ['alice', 'alice'],
    [{ id: 7 }, '7'],
    [{ id: 'alice' }, 'alice'],
  ])('finds the user id in %j', (serialized, id) => {
    expect(userIdOf(serialized)).toBe(id);
  });

  it.each([{}, { _id: 7 }, { id: {} }, true, [], null])(
    'throws a TypeError with the fix for %j',
    (serialized) => {
      expect(() => userIdOf(serialized)).toThrow(TypeError);
      expect(() => userIdOf(serialized)).toThrow('factsOf');
    },
  );
});
