import type { IdentitySessionManager } from '../manager/manager';
import type { SessionSearch } from '../manager/administration';
import { everySessionOf } from '../session/revocation';
import { currentIpAddress, type IdentitySession, type Owner } from '../session/session';
import { visible } from '../session/text';
import { EXIT, table, type Terminal } from './terminal';

export interface OwnerOptions {
  readonly user?: string;
  readonly tenant?: string;
}

export interface ListCommandOptions extends OwnerOptions {
  readonly limit: number;
  readonly json?: boolean;
}

/** `list`: prints the newest live sessions, of all users or of one. */
export async function list(
  manager: IdentitySessionManager,
  { user, tenant, limit, json }: ListCommandOptions,
  { print }: Terminal,
): Promise<number> {
  const search: SessionSearch = {
    take: limit,
    ...(user !== undefined && { userId: user }),
    ...(tenant !== undefined && { tenantId: tenant }),
  };
  const { sessions } = await manager.administration.search(search);
  if (json) print(JSON.stringify(sessions, null, 2));
  else if (sessions.length === 0) print('No live session.');
  else print(table(sessions.map(row)));
  return EXIT.ok;
}

function row(session: IdentitySession): Record<string, string> {
  return {
    id: session.sessionId,
    user: shown(session.tenantId === null ? session.userId : `${session.userId} (${session.tenantId})`),
    device: shown(session.deviceInfo ?? session.device),
    address: currentIpAddress(session) ?? '',
    'signed in': time(session.signedIn),
    'last used': time(session.lastAccessed ?? session.signedIn),
  };
}

/** Names of users and devices come from clients, and must not control the terminal. */
function shown(text: string): string {
  return visible(text) ?? '';
}

function time(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 19).replace('T', ' ');
}

export interface EndCommandOptions extends OwnerOptions {
  readonly everything?: boolean;
  readonly by?: string;
  readonly json?: boolean;
}

/** `end`: ends the named sessions, all sessions of a user, or everything. */
export async function end(
  manager: IdentitySessionManager,
  ids: readonly string[],
  options: EndCommandOptions,
  terminal: Terminal,
): Promise<number> {
  const { user, tenant, everything, by, json } = options;
  const { print } = terminal;
  if ([ids.length > 0, user !== undefined, everything === true].filter(Boolean).length !== 1) {
    throw new Error(
      'Name the sessions to end by their ids, or pass --user to end all sessions of a user, or --everything to end all sessions',
    );
  }
  const actor = by === undefined ? {} : { by };
  if (everything) return endEverything(manager, options, actor, terminal);
  const ended =
    user === undefined
      ? await endNamed(manager, ids, actor)
      : await endAllOf(manager, { userId: user, tenantId: tenant ?? null }, actor);
  const missing = ids.filter((id) => !ended.includes(id));
  if (json) print(JSON.stringify({ ended, missing }));
  else {
    if (ended.length > 0) print(`Ended ${counted(ended.length)}. All nodes refuse them within two seconds.`);
    for (const id of missing) print(`There is no live session ${shown(id)}.`);
    if (user !== undefined && ended.length === 0) print(noSessionOf(user, tenant));
  }
  return missing.length > 0 || ended.length === 0 ? EXIT.problem : EXIT.ok;
}

/** Ends all sessions, or all of a tenant. It writes one row, so that the number of ended sessions is unknown. */
async function endEverything(
  manager: IdentitySessionManager,
  { tenant, json }: EndCommandOptions,
  actor: { by?: string },
  { print }: Terminal,
): Promise<number> {
  await manager.administration.revokeEverything(tenant === undefined ? {} : { tenantId: tenant }, actor);
  const which = tenant === undefined ? 'all sessions' : `all sessions of the tenant ${shown(tenant)}`;
  print(
    json
      ? JSON.stringify({ everything: true, tenant: tenant ?? null })
      : `Ended ${which}. All nodes refuse them within two seconds.`,
  );
  return EXIT.ok;
}

function counted(count: number): string {
  return count === 1 ? 'one session' : `${count} sessions`;
}

/** The same user id in a tenant is another user. */
function noSessionOf(user: string, tenant: string | undefined): string {
  const where =
    tenant === undefined
      ? 'without a tenant. Pass --tenant if the user has one'
      : `in the tenant ${shown(tenant)}`;
  return `There is no live session of ${shown(user)} ${where}.`;
}

async function endNamed(
  manager: IdentitySessionManager,
  ids: readonly string[],
  actor: { by?: string },
): Promise<string[]> {
  const ended: string[] = [];
  for (const id of ids) {
    const session = await manager.administration.find(id);
    if (session === undefined || session.endedAt !== null) continue;
    await manager.administration.revoke(id, actor);
    ended.push(id);
  }
  return ended;
}

function endAllOf(
  manager: IdentitySessionManager,
  owner: Owner,
  actor: { by?: string },
): Promise<readonly string[]> {
  return manager.revoke(everySessionOf(owner), { reason: 'administrator', ...actor });
}

/** `cleanup`: runs a cleanup now and prints its result. */
export async function cleanup(
  manager: IdentitySessionManager,
  { json }: { readonly json?: boolean },
  { print }: Terminal,
): Promise<number> {
  const result = await manager.runCleanup();
  if (json) print(JSON.stringify(result ?? null));
  else if (result === undefined) print('Another node is cleaning up at the moment.');
  else {
    const { deleted, displaced, hibernated, pruned } = result;
    print(
      `Deleted ${deleted} sessions and ${pruned} entries of the change log, ended ${displaced}, hibernated ${hibernated}.`,
    );
  }
  return EXIT.ok;
}
