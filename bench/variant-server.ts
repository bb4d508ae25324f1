import { answerParent } from './child';
import { serve } from './server';
import { variantNamed } from './variants';

/** The resources that a server has used so far. */
export interface Usage {
  /** The CPU time in microseconds. */
  readonly cpu: number;
  /** The resident memory in bytes. */
  readonly memory: number;
}

/** Serves one variant in this process: `variant-server.ts <name> <URL of its database>`. */
async function main(name: string, databaseUrl: string): Promise<void> {
  const { port, stop } = await serve(variantNamed(name), { databaseUrl });
  answerParent(usage, stop);
  process.send!(port);
}

function usage(): Usage {
  const { user, system } = process.cpuUsage();
  return { cpu: user + system, memory: process.memoryUsage.rss() };
}

void main(process.argv[2]!, process.argv[3]!);
