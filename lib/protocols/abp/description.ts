import { ownerKey, type IdentitySession, type Owner } from '../../session/session';
import { mapInSlices } from '../../slices';
import type { MaybePromise } from '../../store/store';
import { identitySessionDto, type IdentitySessionDto } from './identity-session-dto';

/** The app's functions that return details of sessions. */
export interface SessionDetailOptions {
  /** Returns a user's name. It is called once for each user of a page. Without it, `userName` is null. */
  readonly userNameOf?: ((owner: Owner) => MaybePromise<string | null | undefined>) | undefined;
  /** Returns a tenant's name. It is called once for each tenant of a page. Without it, `tenantName` is null. */
  readonly tenantNameOf?: ((tenantId: string) => MaybePromise<string | null | undefined>) | undefined;
  /**
   * Returns the `extraProperties` that the session's owner and administrators see. Without it they see none, because an app may
   * keep secrets there.
   */
  readonly extraPropertiesOf?:
    ((session: IdentitySession) => Readonly<Record<string, unknown>> | undefined) | undefined;
}

/** Converts sessions to ABP's form. `current` is the session of the request. */
export type DescribeSessions = (
  sessions: readonly IdentitySession[],
  current: IdentitySession,
) => Promise<IdentitySessionDto[]>;

/** Creates the function that converts sessions and adds the app's details. */
export function sessionDescriber({
  userNameOf,
  tenantNameOf,
  extraPropertiesOf,
}: SessionDetailOptions): DescribeSessions {
  return async function describe(sessions, current) {
    const userName = calledOnce(userNameOf);
    const tenantName = calledOnce(tenantNameOf);
    const dto = async (session: IdentitySession) => {
      const { tenantId, userId } = session;
      const names = await Promise.all([
        userName(ownerKey(session), { tenantId, userId }),
        tenantId === null ? null : tenantName(tenantId, tenantId),
      ]);
      return identitySessionDto(session, current, {
        userName: names[0],
        tenantName: names[1],
        extraProperties: extraPropertiesOf?.(session),
      });
    };
    return Promise.all(await mapInSlices(sessions, dto));
  };
}

type Name = MaybePromise<string | null | undefined>;

/**
 * Wraps a function so that it is called once per key. A synchronous error becomes a rejection, so that `Promise.all` handles
 * it together with the rejections of other calls.
 */
function calledOnce<Of>(nameOf: ((of: Of) => Name) | undefined): (key: string, of: Of) => Name {
  const names = new Map<string, Name>();
  return (key, of) => {
    if (!names.has(key)) names.set(key, (async () => nameOf?.(of))());
    return names.get(key);
  };
}
