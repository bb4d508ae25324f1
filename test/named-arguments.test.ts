import { runInNewContext } from 'node:vm';

import { insistOnBounds, insistOnNames } from '../lib/named-arguments';

const NAMES = { tenantId: true, userId: true } as const;

const names = (given: unknown) => insistOnNames('count', given as never, NAMES);
const bounds = (given: unknown) => insistOnBounds('end', given as never, NAMES);

describe('what is handed over by name', () => {
  it.each([
    [{}],
    [{ tenantId: 'acme' }],
    [{ tenantId: undefined, userId: null }],
    [Object.assign(Object.create(null), { userId: 'alice' })],
    [runInNewContext('({ userId: "alice" })')],
  ])('may be %j', (given) => expect(() => names(given)).not.toThrow());

  it.each([
    [undefined, 'undefined'],
    [null, 'null'],
    ['acme', 'a string'],
    [42, 'a number'],
    [[], 'a list'],
    [new Map([['tenantId', 'acme']]), 'an object of a class'],
    [Object.create({ tenantId: 'acme' }), 'an object of a class'],
  ])('may not be %p, and is told what it is', (given, kind) => {
    const message = `\`count\` was given ${kind}: it takes a plain object, of \`tenantId\`, \`userId\``;
    expect(() => names(given)).toThrow(new TypeError(message));
  });

  it.each(['tenant', 'tenantid', 'constructor', 'sql'])('has no %j, and is told what there is', (name) => {
    const message = `\`count\` knows no \`${name}\`: it takes a plain object, of \`tenantId\`, \`userId\``;
    expect(() => names({ userId: 'alice', [name]: 'acme' })).toThrow(new TypeError(message));
  });
});

describe('what bounds an act', () => {
  it('is what it names, where that says something', () => {
    expect(() => bounds({})).not.toThrow();
    expect(() => bounds({ tenantId: null })).not.toThrow();
    expect(() => bounds({ tenant: 'acme' })).toThrow(/knows no `tenant`/);
    expect(() => bounds({ tenantId: undefined })).toThrow(/^`tenantId` is undefined: `end` would end more/);
  });
});
