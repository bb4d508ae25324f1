import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

import type { Place, Variant } from './variants/variant';

export interface RunningServer {
  readonly port: number;
  readonly stop: () => Promise<void>;
}

/** Serves a variant on a free port, on all interfaces as `app.listen(port)` does. */
export async function serve(variant: Variant, place: Place): Promise<RunningServer> {
  const { app, stop } = await variant.start(place);
  const server = app.listen(0);
  // Idle connections must stay open while other variants are measured.
  server.keepAliveTimeout = 0;
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    stop: () => {
      server.close();
      server.closeAllConnections();
      return stop();
    },
  };
}
