import { allProofs, compliancePage, proofsIn, writtenPage, type Proof } from './compliance';
import { CHAPTERS, V7 } from './compliance-items';
import { sample } from './sources';

const items = CHAPTERS.flatMap((chapter) => chapter.items);

describe('the page about compliance', () => {
  const proofs = allProofs();

  it('is what the tests and the items say; `npm run compliance` writes it', () => {
    expect(writtenPage()).toBe(compliancePage(proofs));
  });

  it('knows every item that a test names, and has each item once', () => {
    const ids = items.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(proofs.filter(({ item }) => !ids.includes(item))).toEqual([]);
  });

  it('has all 19 items of V7, and a test for each of them', () => {
    const proved = new Set(proofs.map(({ item }) => item));
    expect(V7.items).toHaveLength(19);
    expect(V7.items.filter(({ id }) => !proved.has(id))).toEqual([]);
  });

  it('has a test for every part of the package, except that documents are read by people', () => {
    const proved = new Set(proofs.map(({ item }) => item));
    const unproved = items.filter(({ id, done }) => done !== undefined && !proved.has(id));
    expect(unproved.map(({ id }) => id)).toEqual(['ASVS 3.1.1']);
  });

  it('has a part of the package or of the app for every item', () => {
    expect(items.filter(({ done, left }) => done === undefined && left === undefined)).toEqual([]);
  });
});

describe('proofsIn', () => {
  const proofsOf = (text: string) => proofsIn(sample('test/x.test.ts', text)[0]!);

  it('finds the items of tests, also of those with several items', () => {
    const expected: Proof[] = [
      { item: 'ASVS 7.4.1', path: 'test/x.test.ts', title: 'ends it' },
      { item: 'NIST 5.2', path: 'test/x.test.ts', title: 'ends it' },
    ];
    expect(proofsOf("it(satisfies('ends it', 'ASVS 7.4.1', 'NIST 5.2'), () => {});")).toEqual(expected);
    expect(proofsOf("it('ends it', () => {});")).toEqual([]);
  });

  it('throws if the title is no text, because the page could not list it', () => {
    expect(() => proofsOf("it(satisfies(title, 'ASVS 7.4.1'), () => {});")).toThrow('title must be a text');
  });
});

describe('compliancePage', () => {
  it('lists a test under its item, and counts it', () => {
    const page = compliancePage([{ item: 'ASVS 7.2.1', path: 'test/x.test.ts', title: 'refuses <b>' }]);
    expect(page).toContain('\n**ASVS 7.2.1**\n\n- `test/x.test.ts`\n  - refuses \\<b\\>\n');
    expect(page).toMatch(/^\| ASVS 7\.2\.1 \| L1 \|.*\| 1 \|$/m);
    expect(page).toMatch(/^\| ASVS 7\.2\.2 \| L1 \|.*\| — \|$/m);
  });
});
