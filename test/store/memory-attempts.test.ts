import { memoryAttempts } from '../../lib/store/memory-attempts';
import { testSignInAttempts } from './attempts';

describe('memoryAttempts', () => {
  testSignInAttempts(memoryAttempts);
});
