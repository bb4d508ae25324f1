import { jittered } from '../lib/jitter';

describe('a jittered length', () => {
  it.each([
    [0, 10],
    [0.5, 15],
    [0.99, 19.9],
  ])('where chance says %d lies between the two', (chance, expected) => {
    jest.spyOn(Math, 'random').mockReturnValue(chance);
    expect(jittered(10, 20)).toBe(expected);
  });
});
