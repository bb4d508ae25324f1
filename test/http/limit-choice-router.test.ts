import { limitChoiceRouter } from '../../lib';

describe('limitChoiceRouter', () => {
  it('throws a TypeError without a manager', () => {
    expect(() => limitChoiceRouter({} as never)).toThrow('limitChoiceRouter needs the manager');
  });
});
