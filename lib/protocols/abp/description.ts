import { identitySessionDto, type IdentitySessionDto } from './identity-session-dto';
import type { IdentitySession, Owner } from '../../session/session';
import type { MaybePromise } from '../../store/store';

/** What the app says of sessions, beside what is stored of them. */
export interface AppsDescription {
  /** The name that a user is shown by; asked once for each user of a page. Nothing is shown when it is absent. */
  readonly userNameOf?: ((owner: Owner) => MaybePromise<string | null | undefined>) | undefined;
  /** The same of a tenant. */
  readonly tenantNameOf?: ((tenantId: string) => MaybePromise<string | null | undefined>) | undefined;
  /**
   * What of a session's `extraProperties` its owner and administrators are shown: nothing when it is absent, for an app may
   * keep there what is for nobody's eyes.
   */
  readonly extraPropertiesOf?:
    ((session: IdentitySession) => Readonly<Record<string, unknown>> | undefined) | undefined;
}

/** Words sessions for who asks from within `current`. */
export type Describe = (
  sessions: readonly IdentitySession[],
  current: IdentitySession,
) => Promise<IdentitySessionDto[]>;

export function describing({ userNameOf, tenantNameOf, extraPropertiesOf }: AppsDescription): Describe {
  return async function describe(sessions, current) {
    const userName = askedOnce(userNameOf);
    const tenantName = askedOnce(tenantNameOf);
    const dto = async (session: IdentitySession) => {
      const { tenantId, userId } = session;
      const names = await Promise.all([
        userName(JSON.stringify([tenantId, userId]), { tenantId, userId }),
        tenantId === null ? null : tenantName(tenantId, tenantId),
      ]);
      return identitySessionDto(session, current, {
        userName: names[0],
        tenantName: names[1],
        extraProperties: extraPropertiesOf?.(session),
      });
    };
    return Promise.all(sessions.map(dto));
  };
}

type Name = MaybePromise<string | null | undefined>;

/** The same function with a memory for one page. What it throws waits with what others reject, so that all is heard. */
function askedOnce<Of>(nameOf: ((of: Of) => Name) | undefined): (key: string, of: Of) => Name {
  const asked = new Map<string, Name>();
  return (key, of) => {
    if (!asked.has(key)) asked.set(key, (async () => nameOf?.(of))());
    return asked.get(key);
  };
}
