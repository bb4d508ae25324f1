import { managerPart } from '../../lib/manager/manager-part';

describe('managerPart', () => {
  it('is found by another copy of the package, and by no listing of the manager', () => {
    const [set] = managerPart<string>('part of a test');
    const [, of] = managerPart<string>('part of a test');
    const manager = {};
    set(manager, 'part');
    expect(of(manager)).toBe('part');
    expect([Object.keys(manager), JSON.stringify(manager)]).toEqual([[], '{}']);
  });
});
