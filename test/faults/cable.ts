import type { NodeSurroundings } from './node-process';
import { run } from './tools';

/** The two networks between the machine and a node in its own network namespace. The addresses are private. */
const DATABASE = { link: 'faultsdb', outside: '10.203.77.1', inside: '10.203.77.2' };
const HTTP = { link: 'faultshttp', outside: '10.203.77.5', inside: '10.203.77.6' };

/**
 * A separate network between a node and its database. While it is down, packets are neither acknowledged nor refused, as
 * between machines. A second network for the clients stays up. Both disappear when the node's process ends.
 */
export class Cable {
  /** The address of the database as the node sees it. */
  readonly databaseHost = DATABASE.outside;
  readonly surroundings: NodeSurroundings = {
    under: ['unshare', '--net'],
    host: HTTP.inside,
    started: (pid) => this.#lead(pid),
  };

  static async create(): Promise<Cable> {
    for (const { link, outside } of [DATABASE, HTTP]) {
      await run('ip', 'link', 'add', link, 'type', 'veth', 'peer', 'name', `${link}in`);
      await run('ip', 'address', 'add', `${outside}/30`, 'dev', link);
      await run('ip', 'link', 'set', link, 'up');
    }
    return new Cable();
  }

  async pull(): Promise<void> {
    await run('ip', 'link', 'set', DATABASE.link, 'down');
  }

  async plug(): Promise<void> {
    await run('ip', 'link', 'set', DATABASE.link, 'up');
  }

  async close(): Promise<void> {
    for (const { link } of [DATABASE, HTTP]) await run('ip', 'link', 'delete', link).catch(() => undefined);
  }

  async #lead(pid: number): Promise<void> {
    const within = (...args: string[]) => run('nsenter', '--target', String(pid), '--net', 'ip', ...args);
    for (const { link, inside } of [DATABASE, HTTP]) {
      await run('ip', 'link', 'set', `${link}in`, 'netns', String(pid));
      await within('address', 'add', `${inside}/30`, 'dev', `${link}in`);
      await within('link', 'set', `${link}in`, 'up');
    }
  }
}
