import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import type { Request } from 'express';
import ts from 'typescript';

import { SessionError, type RefusalCode } from '../../lib';
import { rest } from '../../lib/http/rest';
import { OPTIONS } from '../../lib/options/options';
import { settingsOf } from '../../lib/options/settings';
import { memory } from '../../lib/store/memory';
import { lib, PROJECT } from './sources';
import { nodesOf, parsed } from './syntax';
import { read, tableUnder } from './tables';

const readme = () => readFileSync(join(PROJECT, 'README.md'), 'utf8');

function declared<T extends ts.Node>(path: string, name: string, is: (node: ts.Node) => node is T): T {
  const source = lib.find((each) => each.path === path)!;
  const found = [...nodesOf(parsed(source))].filter(is).find((node) => nameOf(node) === name);
  if (found === undefined) throw new Error(`${path} does not declare ${name}`);
  return found;
}

function nameOf(node: ts.Node): string | undefined {
  return (node as { name?: ts.Node }).name?.getText();
}

/** The members of an interface of options, those of options within options with a dot. */
function optionNames(path: string, name: string): string[] {
  return declared(path, name, ts.isInterfaceDeclaration).members.flatMap((member) => {
    const type = ts.isPropertySignature(member) ? member.type?.getText() : undefined;
    const own = nameOf(member)!;
    if (type !== 'CookieOptions | undefined') return [own];
    return optionNames(path, 'CookieOptions').map((inner) => `${own}.${inner}`);
  });
}

/** The default in the option's row, and whether it has one. */
function defaultOf(option: string): { readonly value?: unknown } {
  const [outer, inner] = option.split('.') as [string, string?];
  const row = rowIn(OPTIONS, outer);
  const found = inner === undefined ? row : rowIn(row['group'] as object, inner);
  return 'default' in found ? { value: found['default'] } : {};
}

function rowIn(table: object, name: string): Readonly<Record<string, unknown>> {
  return (table as Record<string, Record<string, unknown>>)[name]!;
}

describe('README', () => {
  it('lists every option, and no other', () => {
    const rows = tableUnder('| option | default | meaning |', readme());
    const listed = rows.map(([option]) => option);
    expect(listed.sort()).toEqual(optionNames('lib/options/options.ts', 'IdentitySessionOptions').sort());
  });

  it('gives every option the default that it has', () => {
    const rows = tableUnder('| option | default | meaning |', readme());
    const listed = rows.map(([option, given]) => [option, read(given!)]);
    expect(listed).toEqual(rows.map(([option]) => [option, defaultOf(option!)]));
  });

  it('says what every option means', () => {
    const rows = tableUnder('| option | default | meaning |', readme());
    expect(rows.filter(([, , meaning]) => !meaning)).toEqual([]);
  });

  it('lists every code of a refusal, with its status on the REST wire, and no other', () => {
    const rows = tableUnder('| code | status | meaning |', readme());
    const union = declared('lib/errors.ts', 'RefusalCode', ts.isTypeAliasDeclaration)
      .type as ts.UnionTypeNode;
    const codes = union.types.map((type) => runInNewContext(type.getText()) as RefusalCode);
    const listed = rows.map(([code, status, meaning]) => [code, Number(status), meaning !== '']);
    expect(listed.sort()).toEqual(codes.map((code) => [code, statusOf(code), true]).sort());
  });

  function statusOf(code: RefusalCode): number {
    const dialect = rest(settingsOf({ store: memory() }));
    return dialect.refusal(new SessionError(code, 'No.'), { headers: {} } as Request).status;
  }
});
