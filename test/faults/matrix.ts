/** Runs the rows of the fault matrix on real processes, and the rows with planted bugs. `main.ts` starts it. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { check, type Findings } from './checker';
import { Cluster } from './cluster';
import type { History, Outcome } from './history';
import { Rig } from './rig';
import { PLANTED, ROWS, type PlantedRow, type Row } from './rows';
import { has, INSTALLABLE } from './tools';

/** The folder for the table and for the recordings of failed rows. */
const RESULTS = join(__dirname, '../../fault-results');

/** The number of rows that run in parallel, each on its own servers and nodes. Rows mostly wait. */
const LANES = 3;

/** The lowest number of accepted and of refused requests. With fewer, a row proves nothing. */
const ENOUGH = 50;

/** The number of attempts to find a planted bug. */
const ATTEMPTS = 4;

/** The result of a row: a line of the table, and the reasons if it failed. */
interface Result {
  readonly cells: readonly (string | number)[];
  readonly complaints: readonly string[];
}

const HEAD = [
  'fault',
  'requests',
  'accepted',
  'refused',
  '503',
  'worst staleness, ms',
  'touches lost',
  'verdict',
];

async function main(wanted: readonly string[]): Promise<void> {
  const rows = [...ROWS, ...PLANTED].filter(({ fault }) => wanted.every((word) => fault.includes(word)));
  await rm(RESULTS, { recursive: true, force: true });
  await mkdir(RESULTS);

  const results: Result[] = [];
  const waiting = rows.map((row, i) => ({ row, i }));
  const lane = async () => {
    const shared = new SharedCluster();
    try {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        results[next.i] = await resultOf(next.row, shared);
        print(results[next.i]!);
      }
    } finally {
      await shared.stop();
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));

  const table = [HEAD, HEAD.map(() => '---'), ...results.map(({ cells }) => cells)].map(line).join('\n');
  await writeFile(join(RESULTS, 'table.md'), `${table}\n`);
  console.log(table);
  const failed = results.filter(({ complaints }) => complaints.length > 0).length;
  console.error(
    failed === 0 ? 'All rows passed.' : `${failed} of ${results.length} rows failed, see ${RESULTS}`,
  );
  process.exitCode = failed === 0 ? 0 : 1;
}

/** The server of all rows that do not start their own. Started by the first of them. */
class SharedCluster {
  #cluster: Promise<Cluster> | undefined;

  get(): Promise<Cluster> {
    return (this.#cluster ??= Cluster.start());
  }

  /** Called after a failed row too, because the server's state is then unknown. */
  async stop(): Promise<void> {
    const cluster = this.#cluster;
    this.#cluster = undefined;
    await (await cluster)?.stop();
  }
}

async function resultOf(row: Row | PlantedRow, shared: SharedCluster): Promise<Result> {
  for (const tool of row.needs ?? []) {
    if (await has(tool)) continue;
    const required = process.env['CI'] === 'true' && INSTALLABLE.includes(tool);
    const verdict = required ? `**${tool} is missing**` : `not run: ${tool} is not available`;
    return {
      cells: [row.fault, ...HEAD.slice(2).map(() => ''), verdict],
      complaints: required ? [verdict] : [],
    };
  }
  try {
    for (let attempt = 1; ; attempt++) {
      const history = await historyOf(row, shared);
      const findings = check(history);
      const complaints = 'breaks' in row ? notFound(row, findings) : complaintsOf(row, history, findings);
      if (complaints.length > 0) await keep(row, history, complaints);
      if (complaints.length > 0 && attempt < attemptsOf(row, complaints)) continue;
      return { cells: cellsOf(row, history, findings, complaints), complaints };
    }
  } catch (error) {
    await shared.stop();
    const complaint = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return {
      cells: [row.fault, ...HEAD.slice(2).map(() => ''), '**could not be run**'],
      complaints: [complaint],
    };
  }
}

/**
 * On a busy machine a planted bug may have no opportunity to show, or a fault no time to take effect, so such rows run again.
 * A violation of an unconditional property fails the row at once.
 */
function attemptsOf(row: Row | PlantedRow, complaints: readonly string[]): number {
  if ('breaks' in row) return ATTEMPTS;
  return complaints.some((complaint) => UNCONDITIONAL.test(complaint)) ? 1 : 2;
}

/** Properties that must hold on any machine: bounded staleness, no acceptance after a refusal, final ends, limits. */
const UNCONDITIONAL = /^P([12358]|10):/;

async function historyOf(row: Row, shared: SharedCluster): Promise<History> {
  const scene = await row.scene();
  try {
    const cluster = scene.cluster ? await Cluster.start(scene.cluster) : await shared.get();
    try {
      const rig = await Rig.build(cluster, scene.options ?? {});
      try {
        return await rig.run(scene.inflict);
      } finally {
        await rig.close();
      }
    } finally {
      if (scene.cluster) await cluster.stop();
    }
  } finally {
    await scene.close?.();
  }
}

/** The reasons why a row failed: violated properties, too few requests, or a fault without effect. */
function complaintsOf(row: Row, history: History, findings: Findings): string[] {
  const tooFew = (['accepted', 'refused'] as const)
    .filter((outcome) => count(history, outcome) < ENOUGH)
    .map((outcome) => `only ${count(history, outcome)} ${outcome}`);
  const missing = (row.expects ?? [])
    .filter((outcome) => count(history, outcome) === 0)
    .map((outcome) => `the fault had no effect: no request was ${outcome}`);
  return [...findings.violations.map(({ property, what }) => `${property}: ${what}`), ...tooFew, ...missing];
}

function notFound({ breaks }: PlantedRow, { violations }: Findings): string[] {
  return violations.some(({ property }) => property === breaks)
    ? []
    : [`the checker found no violation of ${breaks}`];
}

function cellsOf(row: Row | PlantedRow, history: History, findings: Findings, complaints: readonly string[]) {
  const good = 'breaks' in row ? `found: ${row.breaks}` : 'good';
  return [
    row.fault,
    history.operations.length,
    ...(['accepted', 'refused', 'unavailable'] as const).map((outcome) => count(history, outcome)),
    Math.round(findings.worstStaleness),
    findings.touchesLost,
    complaints.length === 0 ? good : `**failed: ${complaints.length}**`,
  ];
}

function count({ operations }: History, wanted: Outcome): number {
  return operations.filter(({ outcome }) => outcome === wanted).length;
}

async function keep({ fault }: Row, history: History, complaints: readonly string[]): Promise<void> {
  const name = `${fault.replaceAll(/[^a-z0-9]+/gi, '-')}.json`;
  await writeFile(join(RESULTS, name), JSON.stringify({ complaints, history }, undefined, 1));
}

function print({ cells, complaints }: Result): void {
  console.error(line(cells));
  for (const complaint of complaints.slice(0, 5)) console.error(`    ${complaint}`);
}

function line(cells: readonly (string | number)[]): string {
  return `| ${cells.join(' | ')} |`;
}

// The parent process has ended or was interrupted.
const giveUp = () => process.exit(1);
process.once('disconnect', giveUp);

main(process.argv.slice(2)).then(
  // Exit immediately, because broken connections may keep the process alive.
  () => process.exit(),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
