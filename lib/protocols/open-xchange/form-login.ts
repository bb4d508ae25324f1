import type { IdentitySessionManager } from '../../manager/manager';
import type { Action } from './actions';
import { redirected } from './answers';
import type { OpenXchangeDialect } from './dialect';
import { checkPassword, openFor, type Authenticate } from './login';
import { flagParameter } from './parameters';
import { storedSignIn } from './stored-sign-in';
import { uiLocation, uiUser } from './ui-location';

/**
 * Creates the action `formlogin`: opens a session for a plain HTML form, and redirects the browser to the user interface.
 * The fragment contains the session id. `autologin` of the form is what `staySignedIn` is elsewhere.
 */
export function formLogin(
  manager: IdentitySessionManager,
  dialect: OpenXchangeDialect,
  { authenticate, uiWebPath }: { readonly authenticate: Authenticate; readonly uiWebPath: string },
): Action {
  const { traits } = dialect;
  return async function formLogin(request, response) {
    const identified = await checkPassword(manager, request, dialect, {
      authenticate,
      nameParameter: 'login',
    });
    const staySignedIn = flagParameter(request, 'staySignedIn') ?? flagParameter(request, 'autologin');
    return openFor(
      manager,
      dialect,
      { ...identified, staySignedIn },
      { request, response },
      async (session) => {
        const signIn = storedSignIn(session);
        const location = uiLocation(request, uiWebPath, {
          session: session.sessionId,
          ...uiUser(traits, signIn),
          ...(traits.signInStores ? { context_id: signIn.contextNumber } : { store: staySignedIn }),
        });
        return redirected(dialect.emptyAnswer(302), location);
      },
    );
  };
}
