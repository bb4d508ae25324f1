import type { PageContent } from '../../lib/pages';

/** The demo's own texts in one language. */
export interface Texts {
  readonly pages: {
    readonly label: string;
    readonly sessions: string;
    readonly profile: string;
    readonly element: string;
    readonly mails: string;
    readonly allUsers: string;
    readonly signOut: string;
  };
  readonly signIn: {
    readonly title: string;
    readonly name: string;
    readonly password: string;
    readonly staySignedIn: string;
    readonly wrong: string;
    readonly accounts: string;
    readonly advice: string;
  };
  readonly confirm: {
    readonly title: string;
    readonly advice: string;
    readonly button: string;
    readonly wrong: string;
  };
  readonly profile: {
    readonly user: string;
    readonly administrator: string;
    readonly advice: string;
  };
  readonly element: { readonly title: string; readonly advice: string };
  readonly mails: {
    readonly advice: string;
    readonly none: string;
    readonly to: string;
    readonly newDevice: string;
    readonly signedIn: string;
    readonly link: string;
    readonly failures: string;
    readonly tried: string;
    readonly secured: string;
    readonly changed: string;
  };
}

const ENGLISH: Texts = {
  pages: {
    label: 'Pages',
    sessions: 'Sessions',
    profile: 'Profile',
    element: 'Element',
    mails: 'Mails',
    allUsers: 'All users',
    signOut: 'Sign out',
  },
  signIn: {
    title: 'Sign in',
    name: 'Name',
    password: 'Password',
    staySignedIn: 'Stay signed in',
    wrong: 'The name or the password is wrong.',
    accounts: 'Accounts to try',
    advice:
      'Sign in with two browsers: the second one is a new device, about which there is a mail. The fourth session of a user asks which one to end.',
  },
  confirm: {
    title: 'Confirm that it is you',
    advice: 'This action needs your password again, because you entered it some time ago.',
    button: 'Confirm',
    wrong: 'The password is wrong.',
  },
  profile: {
    user: 'You are signed in as',
    administrator: 'You are an administrator.',
    advice: 'Only signed-in users can open this page. Programs get it as JSON.',
  },
  element: {
    title: 'Sessions in another front end',
    advice: 'This list is the custom element. It uses the REST routes.',
  },
  mails: {
    advice: 'The demo sends no mail. Here are the mails that it would send to its users.',
    none: 'There is no mail yet. Sign in with a second browser.',
    to: 'To {user}',
    newDevice: 'New sign-in to your account',
    signedIn: 'Somebody signed in as you with {device}. If it was not you, follow this link:',
    link: 'This wasn’t me',
    failures: 'Failed attempts to sign in',
    tried: '{count} attempts to sign in to your account have failed. The last one came from {address}.',
    secured: 'Your account is safe again',
    changed: 'All your sessions were ended. A real app would now ask you for a new password.',
  },
};

const GERMAN: Texts = {
  pages: {
    label: 'Seiten',
    sessions: 'Sitzungen',
    profile: 'Profil',
    element: 'Element',
    mails: 'E-Mails',
    allUsers: 'Alle Benutzer',
    signOut: 'Abmelden',
  },
  signIn: {
    title: 'Anmelden',
    name: 'Name',
    password: 'Passwort',
    staySignedIn: 'Angemeldet bleiben',
    wrong: 'Der Name oder das Passwort ist falsch.',
    accounts: 'Konten zum Ausprobieren',
    advice:
      'Melden Sie sich mit zwei Browsern an: Der zweite ist ein neues Gerät, über das es eine E-Mail gibt. Bei der vierten Sitzung werden Sie gefragt, welche enden soll.',
  },
  confirm: {
    title: 'Bestätigen Sie, dass Sie es sind',
    advice: 'Diese Aktion braucht noch einmal Ihr Passwort, weil Sie es vor einiger Zeit eingegeben haben.',
    button: 'Bestätigen',
    wrong: 'Das Passwort ist falsch.',
  },
  profile: {
    user: 'Sie sind angemeldet als',
    administrator: 'Sie sind Administrator.',
    advice: 'Nur angemeldete Benutzer können diese Seite öffnen. Programme erhalten sie als JSON.',
  },
  element: {
    title: 'Sitzungen in einer anderen Oberfläche',
    advice: 'Diese Liste ist das eigene HTML-Element. Es benutzt die REST-Routen.',
  },
  mails: {
    advice: 'Die Demo verschickt keine E-Mails. Hier stehen die, die sie ihren Benutzern schicken würde.',
    none: 'Noch gibt es keine E-Mail. Melden Sie sich mit einem zweiten Browser an.',
    to: 'An {user}',
    newDevice: 'Neue Anmeldung bei Ihrem Konto',
    signedIn:
      'Jemand hat sich als Sie angemeldet, mit {device}. Wenn Sie es nicht waren, folgen Sie diesem Link:',
    link: 'Das war ich nicht',
    failures: 'Fehlgeschlagene Versuche, sich anzumelden',
    tried:
      '{count} Versuche, sich bei Ihrem Konto anzumelden, sind fehlgeschlagen. Der letzte kam von {address}.',
    secured: 'Ihr Konto ist wieder sicher',
    changed:
      'Alle Ihre Sitzungen wurden beendet. Eine echte App würde Sie nun nach einem neuen Passwort fragen.',
  },
};

/** Returns the demo's texts in the language of a page. */
export function textsIn({ language }: Pick<PageContent, 'language'>): Texts {
  return language.startsWith('de') ? GERMAN : ENGLISH;
}
