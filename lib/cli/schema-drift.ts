import type { Knex } from 'knex';

import { inSchema } from '../database/statement-runner';
import { mintSecret } from '../session/credentials';
import { sessionsTable } from '../migrations/layout';
import { createTables } from '../migrations/migration';

/** A difference between the tables and a new installation, with the statement that removes it. */
export interface Drift {
  readonly what: string;
  readonly fix: string;
}

/** An object of the database: its kind and name, its definition, and the statements that create it or replace a wrong one. */
interface Defined {
  readonly object: string;
  readonly definition: string;
  readonly create: string;
  readonly replace: string;
}

/**
 * Compares columns, constraints, indexes, triggers and functions with those of a new installation, which is created in a schema
 * of its own and rolled back. Further objects of the app do not matter.
 * @throws Error with code `42501` if the role may not create a schema
 */
export async function schemaDrift(knex: Knex, schema: string): Promise<Drift[]> {
  const transaction = await knex.transaction();
  try {
    const reference = `check_${mintSecret('hex')}`;
    await transaction.raw('create schema ??', [reference]);
    const table = await sessionsTable(transaction, schema);
    // Only the parent of partitions is compared, so one partition is enough.
    await createTables(transaction, reference, { partitions: Math.min(1, table?.partitions ?? 0) });
    // With this setting the server writes the schema in every definition.
    await transaction.raw("set local search_path = ''");
    const wanted = await definitionsIn(transaction, reference, schema);
    const found = await definitionsIn(transaction, schema, schema);
    return differences(wanted, found);
  } finally {
    await transaction.rollback();
  }
}

/** The beginning of the names of all tables, indexes and functions. */
const OBJECTS = 'identity_session';

/** Returns the objects of a schema, with the name of the schema `as` in their definitions. */
async function definitionsIn(knex: Knex, schema: string, as: string): Promise<Defined[]> {
  const { rows } = await knex.raw<{ rows: Defined[] }>(DEFINITIONS, { schema });
  const [from, to] = [inSchema(OBJECTS, schema), inSchema(OBJECTS, as)];
  // The server quotes the name only if it must. An unquoted name can also be an alias, so the object decides.
  const unquoted = `${schema}.${OBJECTS}`;
  const renamed = (text: string) => text.replaceAll(from, to).replaceAll(unquoted, to);
  return rows.map(({ object, definition, create, replace }) => ({
    object,
    definition: renamed(definition),
    create: renamed(create),
    replace: renamed(replace),
  }));
}

function differences(wanted: readonly Defined[], found: readonly Defined[]): Drift[] {
  const definitions = new Map(found.map(({ object, definition }) => [object, definition]));
  return wanted.flatMap(({ object, definition, create, replace }) => {
    const actual = definitions.get(object);
    if (actual === definition) return [];
    if (actual === undefined) return [{ what: `The ${object} is missing`, fix: `${create};` }];
    return [
      { what: `The ${object} differs: it is "${actual}" instead of "${definition}"`, fix: `${replace};` },
    ];
  });
}

const DEFINITIONS = `
  with tables as (
    select c.oid, c.relname, n.nspname, format('%I.%I', n.nspname, c.relname) as name
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname = :schema and c.relkind in ('r', 'p') and c.relname ~ '^identity_session' and not c.relispartition
  ), columns as (
    select t.name, t.relname, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod) as type, concat_ws(' ',
      pg_catalog.format_type(a.atttypid, a.atttypmod),
      case when a.attnotnull then 'not null' end,
      case when a.attidentity <> '' then 'generated always as identity' end,
      'default ' || pg_catalog.pg_get_expr(d.adbin, d.adrelid)) as definition
    from tables t join pg_catalog.pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
      left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
  )
  select 'column ' || attname || ' of ' || relname as object, definition,
    format('alter table %s add column %I %s', name, attname, definition) as create,
    -- Never drops a column, because its values would be lost.
    format('alter table %s alter column %I type %s', name, attname, type) as replace
  from columns
  union all
  select 'constraint ' || conname, definition,
    format('alter table %s add constraint %I %s', name, conname, definition),
    format('alter table %s drop constraint %I, add constraint %I %s', name, conname, conname, definition)
  from (
    select t.name, k.conname, pg_catalog.pg_get_constraintdef(k.oid) as definition
    from tables t join pg_catalog.pg_constraint k on k.conrelid = t.oid and k.contype in ('p', 'u', 'c')
  ) constraints
  union all
  select 'index ' || relname, definition, definition, format('drop index %I.%I; %s', nspname, relname, definition)
  from (
    select t.nspname, i.relname, pg_catalog.pg_get_indexdef(x.indexrelid) as definition
    from tables t join pg_catalog.pg_index x on x.indrelid = t.oid join pg_catalog.pg_class i on i.oid = x.indexrelid
    where x.indisvalid and not exists (select from pg_catalog.pg_constraint k where k.conindid = i.oid)
  ) indexes
  union all
  select 'trigger ' || tgname || ' of ' || relname, definition || case tgenabled when 'O' then '' else ' (disabled)' end,
    definition, format('drop trigger %I on %s; %s', tgname, name, definition)
  from (
    select t.name, t.relname, g.tgname, g.tgenabled, pg_catalog.pg_get_triggerdef(g.oid) as definition
    from tables t join pg_catalog.pg_trigger g on g.tgrelid = t.oid and not g.tgisinternal
  ) triggers
  union all
  select 'function ' || p.proname, definition, definition, definition
  from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace,
    lateral pg_catalog.pg_get_functiondef(p.oid) as definition
  where n.nspname = :schema and p.proname ~ '^identity_session'
  order by 1`;
