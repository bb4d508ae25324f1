import { ForwardingStore } from '../../lib/store/forwarding';
import { memory } from '../../lib/store/memory';
import { FakeClock } from '../support/clock';
import { testSessionStore } from './contract';

describe('ForwardingStore on top of memory', () => {
  testSessionStore(() => ({ store: new ForwardingStore(memory()), clock: new FakeClock() }));
});
