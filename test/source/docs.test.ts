import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import type { Request } from 'express';
import ts from 'typescript';

import { SessionError, type RefusalCode } from '../../lib';
import { rest } from '../../lib/http/rest';
import { EventCounters } from '../../lib/metrics/counters';
import { GAUGES } from '../../lib/metrics/gauges';
import { MISS_SECONDS } from '../../lib/metrics/session-metrics';
import { OPTIONS } from '../../lib/options/options';
import { settingsOf } from '../../lib/options/settings';
import { END_REASONS } from '../../lib/session/end-reason';
import { memory } from '../../lib/store/memory';
import { lib, PROJECT } from './sources';
import { nodesOf, parsed } from './syntax';
import { read, tableUnder } from './tables';

const page = (path: string) => readFileSync(join(PROJECT, path), 'utf8');

function declared<T extends ts.Node>(path: string, name: string, is: (node: ts.Node) => node is T): T {
  const source = lib.find((each) => each.path === path)!;
  const found = nodesOf(parsed(source))
    .filter(is)
    .find((node) => nameOf(node) === name);
  if (found === undefined) throw new Error(`${path} does not declare ${name}`);
  return found;
}

function nameOf(node: ts.Node): string | undefined {
  return (node as { name?: ts.Node }).name?.getText();
}

interface Row {
  readonly default?: unknown;
  readonly group?: object;
}

/** The rows of the table of options by their names. The names of options within a group are written with a dot. */
function optionRows(table: object, prefix = ''): [string, Row][] {
  return Object.entries(table).flatMap(([name, row]: [string, Row]) =>
    row.group === undefined ? [[`${prefix}${name}`, row]] : optionRows(row.group, `${prefix}${name}.`),
  );
}

/** The rows of the page's tables of options: name, default and meaning. */
function documentedOptions(): string[][] {
  const sections = page('docs/options.md').split(/^## /m).slice(1);
  return sections.flatMap((section) => tableUnder('| option | default | meaning |', section));
}

describe('docs/options.md', () => {
  it('lists every option once, in the order of the code', () => {
    expect(documentedOptions().map(([option]) => option)).toEqual(optionRows(OPTIONS).map(([name]) => name));
  });

  it('gives every option the default that it has in the code', () => {
    const documented = documentedOptions().map(([option, literal]) => [option, read(literal!)]);
    const actual = optionRows(OPTIONS).map(([name, row]) => [
      name,
      Object.hasOwn(row, 'default') ? { value: row.default } : {},
    ]);
    expect(documented).toEqual(actual);
  });

  it('describes every option', () => {
    expect(documentedOptions().filter(([, , meaning]) => !meaning)).toEqual([]);
  });
});

describe('docs/errors.md', () => {
  it('lists every refusal code with its status in REST, and no other code', () => {
    const rows = tableUnder('| code | status | meaning | client |', page('docs/errors.md'));
    const union = declared('lib/errors.ts', 'RefusalCode', ts.isTypeAliasDeclaration)
      .type as ts.UnionTypeNode;
    const codes = union.types.map((type) => runInNewContext(type.getText()) as RefusalCode);
    expect(rows.map(([code, status]) => [code, Number(status)]).sort()).toEqual(
      codes.map((code) => [code, statusOf(code)]).sort(),
    );
    expect(rows.filter((cells) => cells.includes(''))).toEqual([]);
  });

  it('lists every reason for which a session ends, and no other reason', () => {
    const rows = tableUnder('| reason | meaning |', page('docs/errors.md'));
    expect(rows.map(([reason]) => reason)).toEqual([...END_REASONS]);
  });

  function statusOf(code: RefusalCode): number {
    const dialect = rest(settingsOf({ store: memory() }));
    return dialect.refusal(new SessionError(code, 'No.'), { headers: {} } as Request).status;
  }
});

describe('docs/events.md', () => {
  const members = (
    declared('lib/events.ts', 'SessionEvent', ts.isTypeAliasDeclaration).type as ts.UnionTypeNode
  ).types as readonly ts.TypeNode[];

  it('lists every event with its fields, in the order of the code, and no other event', () => {
    const rows = tableUnder('| type | fields | reported when |', page('docs/events.md'));
    const fields = (member: ts.TypeNode) => fieldsOf(member).filter(({ name }) => name.getText() !== 'type');
    expect(rows.map(([type, cell]) => [type, cell!.replaceAll('`', '')])).toEqual(
      members.map((member) => [literalsOf(member, 'type')[0], fields(member).map(written).join(', ')]),
    );
    expect(rows.filter((cells) => cells.includes(''))).toEqual([]);
  });

  it('lists every task of a failure, in the order of the code, and no other task', () => {
    const rows = tableUnder('| task | failure |', page('docs/events.md'));
    const failed = members.find((member) => literalsOf(member, 'type').includes('failed'))!;
    expect(rows.map(([task]) => task)).toEqual(literalsOf(failed, 'task'));
    expect(rows.filter((cells) => cells.includes(''))).toEqual([]);
  });

  function fieldsOf(member: ts.TypeNode): ts.PropertySignature[] {
    return (member as ts.TypeLiteralNode).members.filter(ts.isPropertySignature);
  }

  function written({ name, questionToken }: ts.PropertySignature): string {
    return `${name.getText()}${questionToken === undefined ? '' : '?'}`;
  }

  /** The values of a field whose type is a literal or a union of literals. */
  function literalsOf(member: ts.TypeNode, field: string): string[] {
    const type = fieldsOf(member).find(({ name }) => name.getText() === field)?.type;
    const literals = type === undefined ? [] : ts.isUnionTypeNode(type) ? type.types : [type];
    return literals.map((literal) => runInNewContext(literal.getText()) as string);
  }
});

describe('docs/monitoring.md', () => {
  it('lists every metric with its label, in the order of the code, and no other metric', () => {
    const rows = tableUnder('| metric | label | meaning |', page('docs/monitoring.md'));
    const [guard, ...counters] = new EventCounters(() => undefined).read();
    const metrics: { name: string; label?: string }[] = [guard!, MISS_SECONDS, ...counters, ...GAUGES];
    expect(rows.map(([name, label]) => [name, label])).toEqual(
      metrics.map(({ name, label = '—' }) => [name, label]),
    );
    expect(rows.filter((cells) => cells.includes(''))).toEqual([]);
  });
});
