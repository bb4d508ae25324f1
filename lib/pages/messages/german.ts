import type { PageMessages } from './page-messages';

/** The German texts of the pages. */
export const GERMAN_PAGES: PageMessages = {
  direction: 'ltr',
  account: {
    title: 'Wo Sie angemeldet sind',
    introduction:
      'Diese Browser und Apps sind mit Ihrem Konto angemeldet. Melden Sie ab, was Sie nicht wiedererkennen.',
    currentSession: 'Aktuelle Sitzung',
    otherSessions: 'Andere Sitzungen',
    noOtherSessions: 'Sie sind sonst nirgends angemeldet.',
    olderSessions: 'Ältere Sitzungen',
    newestSessions: 'Neueste Sitzungen',
    unused: 'Seit 90 Tagen nicht benutzt',
    unusedAdvice:
      'Melden Sie Geräte ab, die Sie nicht mehr verwenden, damit niemand anders sie benutzen kann.',
    select: '{title} auswählen',
    selectAll: 'Alle auswählen',
    signOutSelected: 'Auswahl abmelden',
    signOutOthers: {
      one: '{count} andere Sitzung abmelden',
      other: 'Alle {count} anderen Sitzungen abmelden',
    },
    appeared: 'Neue Sitzung: {title}',
    disappeared: 'Abgemeldet: {title}',
  },
  session: {
    kinds: {
      computer: 'Computer',
      phone: 'Telefon',
      tablet: 'Tablet',
      app: 'App',
      mail: 'E-Mail-App',
      calendar: 'Kalender-App',
      program: 'Programm',
    },
    thisBrowser: 'Dieser Browser',
    impersonation: 'Jemand handelt in Ihrem Namen',
    activeNow: 'Gerade aktiv',
    lastActive: 'Zuletzt aktiv {time}',
    justNow: 'gerade eben',
    signedIn: 'Angemeldet {time}',
    signOut: 'Abmelden',
    signOutNamed: '{title} abmelden',
    details: 'Einzelheiten zu {title}',
    back: 'Alle Sitzungen',
    name: 'Name dieser Sitzung',
    nameHint: 'Zum Beispiel „Küchentablet“. Nur Sie sehen ihn.',
    saveName: 'Namen speichern',
    facts: {
      device: 'Gerät',
      place: 'Ort',
      address: 'IP-Adresse',
      addresses: 'Frühere IP-Adressen',
      client: 'Programm',
      method: 'Art der Anmeldung',
      actor: 'Benutzt von',
      signedIn: 'Angemeldet',
      lastActive: 'Zuletzt aktiv',
      expires: 'Endet ohne Benutzung',
      staysSignedIn: 'Bleibt angemeldet',
      userAgent: 'User-Agent',
      unknown: 'Unbekannt',
      yes: 'Ja',
      no: 'Nein',
    },
  },
  confirm: {
    one: '„{title}“ abmelden?',
    several: {
      one: '{count} ausgewählte Sitzung abmelden?',
      other: '{count} ausgewählte Sitzungen abmelden?',
    },
    others: { one: '{count} andere Sitzung abmelden?', other: 'Alle {count} anderen Sitzungen abmelden?' },
    current: 'In diesem Browser abmelden?',
    currentEffect: 'Sie werden hier abgemeldet und müssen sich neu anmelden, um fortzufahren.',
    browserEffect:
      'Dieser Browser wird innerhalb von Sekunden abgemeldet. Nicht gespeicherte Eingaben in seinen offenen Seiten können verloren gehen.',
    appEffect: 'Diese App kann Ihr Konto erst wieder verwenden, wenn Sie sich dort neu anmelden.',
    severalEffect:
      'Diese Browser und Apps werden innerhalb von Sekunden abgemeldet und müssen sich neu anmelden. Hier bleiben Sie angemeldet.',
    cancel: 'Abbrechen',
    nothingSelected: 'Wählen Sie zuerst mindestens eine Sitzung aus.',
  },
  notices: {
    ended: {
      title: { one: '{count} Sitzung wurde abgemeldet.', other: '{count} Sitzungen wurden abgemeldet.' },
      text: 'Dort ist eine neue Anmeldung nötig.',
    },
    'ended-none': { title: 'Keine Sitzung wurde abgemeldet.', text: 'Vielleicht war sie schon beendet.' },
    named: { title: 'Der Name wurde gespeichert.', text: '' },
    'name-removed': { title: 'Der Name wurde entfernt.', text: '' },
    'policy-changed': {
      title: 'Die Regeln wurden gespeichert.',
      text: 'Sie gelten für neue Anmeldungen auf allen Servern.',
    },
    'session-not-found': {
      title: 'Die Sitzung wurde nicht gefunden.',
      text: 'Vielleicht ist sie schon beendet.',
    },
    'session-expired': { title: 'Ihre Sitzung ist abgelaufen.', text: 'Sie wurde zu lange nicht benutzt.' },
    'credentials-invalid': {
      title: 'Ihre Sitzung ist unbekannt.',
      text: 'Melden Sie sich an, um eine neue zu beginnen.',
    },
    'signed-out': { title: 'Sie sind abgemeldet.', text: 'Melden Sie sich an, um fortzufahren.' },
    revoked: {
      title: 'Ihre Sitzung wurde beendet.',
      text: 'Sie haben sie aus einer anderen Sitzung beendet.',
    },
    replaced: {
      title: 'Ihre Sitzung wurde beendet.',
      text: 'Eine neuere Anmeldung in diesem Browser hat sie ersetzt.',
    },
    displaced: {
      title: 'Ihre Sitzung wurde beendet.',
      text: 'Eine neuere Anmeldung hat ihren Platz eingenommen.',
    },
    'credential-changed': {
      title: 'Ihre Sitzung wurde beendet.',
      text: 'Ihr Passwort oder andere Zugangsdaten wurden geändert.',
    },
    administrator: { title: 'Ihre Sitzung wurde beendet.', text: 'Ein Administrator hat sie beendet.' },
    'ip-changed': {
      title: 'Ihre Sitzung wurde beendet.',
      text: 'Sie wurde von einer anderen IP-Adresse benutzt.',
    },
    expired: { title: 'Ihre Sitzung ist abgelaufen.', text: 'Sie wurde zu lange nicht benutzt.' },
  },
  problem: {
    title: 'Das hat nicht geklappt',
    back: 'Zurück zu Ihren Sitzungen',
    signIn: 'Anmelden',
  },
};
