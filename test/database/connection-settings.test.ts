import { checkConnection } from '../../lib/database/connection-settings';

describe('checkConnection()', () => {
  it.each([
    ['a URL', 'postgres://alice:secret@db:5432/app?sslmode=require'],
    ['a URL with the longer scheme', 'postgresql://db/app'],
    ['a URL without a server', 'postgres:///app'],
    ['an object', { host: 'db', password: 'secret' }],
    ['a function', () => ({ host: 'db' })],
  ])('accepts %s', (_, settings) => {
    expect(() => checkConnection('connection', settings)).not.toThrow();
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a number', 5432],
    ['a list', ['postgres://alice:secret@db/app']],
    ['text that is not a URL', 'secret'],
    ['a URL with a special character in the password', 'postgres://alice:my#secret@db/app'],
    ['a URL with a password that starts with #', 'postgres://alice:#secret@db/app'],
    ['a URL of another database', 'mysql://alice:secret@db/app'],
  ])('throws a TypeError that does not contain the password for %s', (_, settings) => {
    const check = () => checkConnection('changesConnection', settings);
    expect(check).toThrow(TypeError);
    expect(check).toThrow(/^`changesConnection` must be a value for Knex's `connection`: a URL such as/);
    expect(check).not.toThrow(/secret/);
  });
});
