import { memorySingleUseTokens } from '../../lib/store/memory-single-use-tokens';
import { testSingleUseTokens } from './single-use-tokens';

describe('memorySingleUseTokens', () => testSingleUseTokens(memorySingleUseTokens));
