import { memory } from '../../lib/store/memory';
import { FakeClock } from '../support/clock';
import { testSessionStore } from './contract';

describe('memory', () => {
  testSessionStore(() => ({ store: memory(), clock: new FakeClock() }));
});
