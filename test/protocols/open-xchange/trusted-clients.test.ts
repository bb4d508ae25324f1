import type { Request } from 'express';

import { openXchangeRouter } from '../../../lib/protocols/open-xchange';
import { trustedClients } from '../../../lib/protocols/open-xchange/trusted-clients';
import { managerOn } from '../../support/manager';
import { memory } from '../../../lib';

const from = (ip: string | undefined) => ({ ip }) as Request;

describe('trustedClients', () => {
  it.each([
    [[], '192.0.2.1', false],
    ['192.0.2.1', '192.0.2.1', true],
    [['192.0.2.0/24', '2001:db8::/32'], '::ffff:192.0.2.7', true],
    [['192.0.2.0/24', '2001:db8::/32'], '2001:db8::1', true],
    [['192.0.2.0/24'], '192.0.3.1', false],
    [['0.0.0.0/0', '::/0'], undefined, false],
    [(request: Request) => request.ip === '192.0.2.1', '192.0.2.1', true],
    [() => 'yes', '192.0.2.1', false],
    [async () => true, '192.0.2.1', false],
  ])('%p recognizes %s: %s', (option, address, expected) => {
    jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    expect(trustedClients(option)(from(address))).toBe(expected);
  });

  it.each([['192.0.2.1/99'], [['portal.example']], [5], [true]])('rejects %p', async (option) => {
    const manager = managerOn({ store: memory() });
    const options = { authenticate: () => undefined, trustedClients: option as never };
    expect(() => openXchangeRouter(manager, options)).toThrow('`trustedClients`');
    await manager.close();
  });
});
