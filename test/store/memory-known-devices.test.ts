import { memoryKnownDevices } from '../../lib/store/memory-known-devices';
import { testKnownDevices } from './known-devices';

describe('memoryKnownDevices', () => {
  testKnownDevices(() => ({ devices: memoryKnownDevices(), sessionId: async () => '0'.repeat(32) }));
});
