import { memory } from '../../lib/store/memory';
import { FakeClock } from '../support/clock';
import { itIsASessionStore } from './contract';

describe('memory', () => {
  itIsASessionStore(() =>
    Promise.resolve({ store: memory(), clock: new FakeClock(), settle: () => Promise.resolve() }),
  );
});
