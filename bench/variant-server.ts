import { answerParent } from './child';
import { serve } from './server';
import { variantNamed } from './variants';

/** What a server has used up so far. */
export interface Usage {
  /** In microseconds. */
  readonly cpu: number;
  /** In bytes. */
  readonly memory: number;
}

/** A process that serves one variant: `variant-server.ts <name> <url of its database>`. */
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
