/** The fault matrix on real processes, and bugs that the checker must find. Started by `main.ts`. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { check, type Findings } from './checker';
import { Cluster } from './cluster';
import type { History, Outcome } from './history';
import { Rig } from './rig';
import { PLANTED, ROWS, type PlantedRow, type Row } from './rows';
import { has, INSTALLABLE } from './tools';

/** Where the table goes, and what happened in the rows that failed. */
const RESULTS = join(__dirname, '../../fault-results');

/** How many rows run at once, each on servers and nodes of its own. Most of a row is waiting. */
const LANES = 3;

/** Without so many of each, a row has shown nothing. */
const ENOUGH = 50;

/** How often a planted bug is looked for. */
const ATTEMPTS = 4;

/** What became of a row: a line of the table, and why it is not good, if it is not. */
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
    const usual = new UsualCluster();
    try {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        results[next.i] = await resultOf(next.row, usual);
        tell(results[next.i]!);
      }
    } finally {
      await usual.stop();
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));

  const table = [HEAD, HEAD.map(() => '---'), ...results.map(({ cells }) => cells)].map(line).join('\n');
  await writeFile(join(RESULTS, 'table.md'), `${table}\n`);
  console.log(table);
  const failed = results.filter(({ complaints }) => complaints.length > 0).length;
  console.error(
    failed === 0 ? 'All is as it must be.' : `${failed} of ${results.length} rows failed; see ${RESULTS}.`,
  );
  process.exitCode = failed === 0 ? 0 : 1;
}

/** The server of the rows that need no other, started when the first of them comes. */
class UsualCluster {
  #cluster: Promise<Cluster> | undefined;

  get(): Promise<Cluster> {
    return (this.#cluster ??= Cluster.start());
  }

  /** After a row that went wrong nobody knows what state it is in. */
  async stop(): Promise<void> {
    const cluster = this.#cluster;
    this.#cluster = undefined;
    await (await cluster)?.stop();
  }
}

async function resultOf(row: Row | PlantedRow, usual: UsualCluster): Promise<Result> {
  for (const tool of row.needs ?? []) {
    if (await has(tool)) continue;
    const mustBeThere = process.env['CI'] === 'true' && INSTALLABLE.includes(tool);
    const verdict = mustBeThere ? `**${tool} is missing**` : `not run: this machine has or allows no ${tool}`;
    return {
      cells: [row.fault, ...HEAD.slice(2).map(() => ''), verdict],
      complaints: mustBeThere ? [verdict] : [],
    };
  }
  try {
    for (let attempt = 1; ; attempt++) {
      const history = await historyOf(row, usual);
      const findings = check(history);
      const complaints = 'breaks' in row ? notFound(row, findings) : complaintsOf(row, history, findings);
      if (complaints.length > 0) await keep(row, history, complaints);
      if (complaints.length > 0 && attempt < attemptsOf(row, complaints)) continue;
      return { cells: cellsOf(row, history, findings, complaints), complaints };
    }
  } catch (error) {
    await usual.stop();
    const complaint = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return {
      cells: [row.fault, ...HEAD.slice(2).map(() => ''), '**could not be run**'],
      complaints: [complaint],
    };
  }
}

/**
 * A busy machine may leave a planted bug no opportunity, and a fault no time to be felt. A promise about who is let in has
 * one chance only.
 */
function attemptsOf(row: Row | PlantedRow, complaints: readonly string[]): number {
  if ('breaks' in row) return ATTEMPTS;
  return complaints.some((complaint) => UNCONDITIONAL.test(complaint)) ? 1 : 2;
}

/** Staleness, refusals that stand, ends that are final, limits. */
const UNCONDITIONAL = /^P[12358]:/;

async function historyOf(row: Row, usual: UsualCluster): Promise<History> {
  const scene = await row.scene();
  try {
    const cluster = scene.cluster ? await Cluster.start(scene.cluster) : await usual.get();
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

/** What is wrong with a row: what broke the properties, or that it proves nothing. */
function complaintsOf(row: Row, history: History, findings: Findings): string[] {
  const tooFew = (['accepted', 'refused'] as const)
    .filter((outcome) => count(history, outcome) < ENOUGH)
    .map((outcome) => `only ${count(history, outcome)} ${outcome}`);
  const missing = (row.expects ?? [])
    .filter((outcome) => count(history, outcome) === 0)
    .map((outcome) => `the fault was not felt: nothing was ${outcome}`);
  return [...findings.violations.map(({ property, what }) => `${property}: ${what}`), ...tooFew, ...missing];
}

function notFound({ breaks }: PlantedRow, { violations }: Findings): string[] {
  return violations.some(({ property }) => property === breaks)
    ? []
    : [`the checker found no break of ${breaks}`];
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

function tell({ cells, complaints }: Result): void {
  console.error(line(cells));
  for (const complaint of complaints.slice(0, 5)) console.error(`    ${complaint}`);
}

function line(cells: readonly (string | number)[]): string {
  return `| ${cells.join(' | ')} |`;
}

// Whoever wanted this is gone, or wants it no more.
const giveUp = () => process.exit(1);
process.once('disconnect', giveUp);

main(process.argv.slice(2)).then(
  // At once: what was broken may still hold the process, and whoever waits for the verdict has it.
  () => process.exit(),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
