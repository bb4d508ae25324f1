import { availableParallelism, cpus, release, totalmem, type } from 'node:os';

export function machine(): string {
  return [
    cpus()[0]?.model.trim() ?? 'unknown CPU',
    `${availableParallelism()} cores`,
    `${Math.round(totalmem() / 2 ** 30)} GB`,
    `${type()} ${release()}`,
    `Node.js ${process.versions.node}`,
  ].join(', ');
}
