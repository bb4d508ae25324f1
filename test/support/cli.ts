import { run } from '../../lib/cli/program';

/** The output and the exit code of a command. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command of the command line in this process. */
export async function cli(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Ran> {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await run(args, { env, print: (line) => out.push(line), complain: (line) => err.push(line) });
  return { code, out: out.join('\n'), err: err.join('\n') };
}
