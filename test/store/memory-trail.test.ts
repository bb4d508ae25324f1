import { memory } from '../../lib/store/memory';
import { withMemoryTrail } from '../../lib/store/memory-trail';
import { testTrail } from './trail';

describe('withMemoryTrail', () => testTrail(() => withMemoryTrail(memory())));
