import type { Translation } from './translations';

/** The German messages. `refusals` has a translation for every English message of a refusal. */
export const GERMAN: Translation & { readonly refusals: Readonly<Record<string, string>> } = {
  on: '{program} auf {system}',
  unknownDevice: 'Unbekanntes Gerät',
  names: {
    'iOS Addressbook and Calendar': 'iOS Adressbuch und Kalender',
    'iOS Reminders': 'iOS Erinnerungen',
    'Mac OS Addressbook': 'Mac OS Adressbuch',
    'Mac OS Calendar': 'Mac OS Kalender',
    'Windows Contacts and Calendar': 'Windows Kontakte und Kalender',
    'Windows Phone Contacts and Calendar': 'Windows Phone Kontakte und Kalender',
  },
  refusals: {
    'Sign in first.': 'Bitte melden Sie sich zuerst an.',
    'The session does not exist or the credentials are wrong; sign in again.':
      'Die Sitzung gibt es nicht, oder die Zugangsdaten sind falsch. Bitte melden Sie sich erneut an.',
    'This session was ended; sign in again.': 'Diese Sitzung wurde beendet. Bitte melden Sie sich erneut an.',
    'You have signed out of this session; sign in again.':
      'Sie haben sich von dieser Sitzung abgemeldet. Bitte melden Sie sich erneut an.',
    'This session was ended from another session; sign in again.':
      'Diese Sitzung wurde aus einer anderen Sitzung beendet. Bitte melden Sie sich erneut an.',
    'A new sign-in with the same browser or client replaced this session; sign in again.':
      'Eine neue Anmeldung mit demselben Browser oder Programm hat diese Sitzung ersetzt. Bitte melden Sie sich erneut an.',
    'A newer sign-in displaced this session; sign in again.':
      'Eine neuere Anmeldung hat diese Sitzung verdrängt. Bitte melden Sie sich erneut an.',
    'This session was ended because the password or another credential has changed; sign in again.':
      'Diese Sitzung wurde beendet, weil sich das Passwort oder andere Zugangsdaten geändert haben. Bitte melden Sie sich erneut an.',
    'An administrator ended this session; sign in again.':
      'Diese Sitzung wurde vom Administrator beendet. Bitte melden Sie sich erneut an.',
    'This session was ended because it was used from another IP address; sign in again.':
      'Diese Sitzung wurde beendet, weil sie von einer anderen IP-Adresse benutzt wurde. Bitte melden Sie sich erneut an.',
    'This session was ended because a copy of its credentials seems to be in use elsewhere; sign in again.':
      'Diese Sitzung wurde beendet, weil eine Kopie ihrer Zugangsdaten woanders benutzt zu werden scheint. Bitte melden Sie sich erneut an.',
    'This session was ended because it was used in an unusual way; sign in again.':
      'Diese Sitzung wurde beendet, weil sie auf ungewöhnliche Weise benutzt wurde. Bitte melden Sie sich erneut an.',
    'This session has expired; sign in again.':
      'Diese Sitzung ist abgelaufen. Bitte melden Sie sich erneut an.',
    'Confirm that it is you: sign in again to continue.':
      'Bitte bestätigen Sie, dass Sie es sind: Melden Sie sich erneut an, um fortzufahren.',
    '"{name}" must be text of 1 to {longest} printable ASCII characters without spaces, " and \\.':
      '„{name}“ muss Text aus 1 bis {longest} druckbaren ASCII-Zeichen ohne Leerzeichen, " und \\ sein.',
    '"{name}" must be a list of at most {most} texts of 1 to {longest} printable ASCII characters without spaces, " and \\.':
      '„{name}“ muss eine Liste von höchstens {most} Texten aus 1 bis {longest} druckbaren ASCII-Zeichen ohne Leerzeichen, " und \\ sein.',
    'This session may not be used from this IP address; sign in again.':
      'Diese Sitzung darf von dieser IP-Adresse nicht benutzt werden. Bitte melden Sie sich erneut an.',
    'This session belongs to another device, or this device has lost its key; sign in again.':
      'Diese Sitzung gehört zu einem anderen Gerät, oder dieses Gerät hat seinen Schlüssel verloren. Bitte melden Sie sich erneut an.',
    'The device of this session cannot be checked at the moment; try again later.':
      'Das Gerät dieser Sitzung kann zurzeit nicht geprüft werden. Bitte versuchen Sie es später erneut.',
    'The credentials were changed during the sign-in; sign in again.':
      'Die Zugangsdaten wurden während der Anmeldung geändert. Bitte melden Sie sich erneut an.',
    'The sign-in took too long or was already completed; sign in again.':
      'Die Anmeldung hat zu lange gedauert oder wurde schon abgeschlossen. Bitte melden Sie sich erneut an.',
    'Autologin is disabled; sign in again.':
      'Die automatische Anmeldung ist abgeschaltet. Bitte melden Sie sich erneut an.',
    'This session does not exist.': 'Diese Sitzung gibt es nicht.',
    'The session cannot be checked at the moment; try again later.':
      'Die Sitzung kann zurzeit nicht geprüft werden. Bitte versuchen Sie es später erneut.',
    'The request has no session that could be revived.':
      'Die Anfrage enthält keine Sitzung, die fortgesetzt werden kann.',
    'The token names no session.': 'Das Token nennt keine Sitzung.',
    'The request contains the session cookie more than once.':
      'Die Anfrage enthält das Cookie der Sitzung mehrfach.',
    'The request contains both a session cookie and a session token.':
      'Die Anfrage enthält sowohl ein Cookie als auch ein Token einer Sitzung.',
    'The request contains the credentials of two sessions.':
      'Die Anfrage enthält die Zugangsdaten von zwei Sitzungen.',
    'You are not permitted to do this.': 'Sie haben dafür keine Berechtigung.',
    'Another site started this request.': 'Eine andere Website hat diese Anfrage ausgelöst.',
    'The request has neither "Sec-Fetch-Site" nor "Origin". Send one of them, or a token in place of the cookie.':
      'Die Anfrage hat weder „Sec-Fetch-Site“ noch „Origin“. Senden Sie eines davon, oder ein Token statt des Cookies.',
    'The browser sent "Origin: null", which any site can cause. For a page of this app, use HTTPS, or send the page with "Referrer-Policy: same-origin".':
      'Der Browser hat „Origin: null“ gesendet, was jede Website auslösen kann. Benutzen Sie für eine Seite dieser Anwendung HTTPS, oder senden Sie die Seite mit „Referrer-Policy: same-origin“.',
    'There were too many attempts. Try again later.':
      'Es gab zu viele Versuche. Bitte versuchen Sie es später erneut.',
    'There were too many failed attempts to sign in to this account. Try again later.':
      'Es gab zu viele fehlgeschlagene Anmeldungen bei diesem Konto. Bitte versuchen Sie es später erneut.',
    'This link is invalid, has expired or was already used.':
      'Dieser Link ist ungültig, abgelaufen oder wurde schon benutzt.',
    'No more than one session is allowed at a time.': 'Es ist nur eine Sitzung gleichzeitig erlaubt.',
    'No more than one session is allowed at a time with this client.':
      'Es ist nur eine Sitzung gleichzeitig mit diesem Programm erlaubt.',
    'No more than one session is allowed at a time on devices of this kind.':
      'Es ist nur eine Sitzung gleichzeitig auf Geräten dieser Art erlaubt.',
    'No more than {max} sessions are allowed at a time.': 'Es sind nur {max} Sitzungen gleichzeitig erlaubt.',
    'No more than {max} sessions are allowed at a time with this client.':
      'Es sind nur {max} Sitzungen gleichzeitig mit diesem Programm erlaubt.',
    'No more than {max} sessions are allowed at a time on devices of this kind.':
      'Es sind nur {max} Sitzungen gleichzeitig auf Geräten dieser Art erlaubt.',
    'This server has no room for more sessions. Try again later.':
      'Dieser Server hat keinen Platz für weitere Sitzungen. Bitte versuchen Sie es später erneut.',
    'Another session has this authentication id.': 'Eine andere Sitzung hat diese Kennung der Anmeldung.',
    'Another session has this id.': 'Eine andere Sitzung hat diese Kennung.',
    'The request is not valid.': 'Die Anfrage ist ungültig.',
    'The body cannot be read.': 'Der Inhalt der Anfrage kann nicht gelesen werden.',
    'The path cannot be read.': 'Der Pfad der Anfrage kann nicht gelesen werden.',
    'The body must be a JSON object.': 'Der Inhalt der Anfrage muss ein JSON-Objekt sein.',
    'A value contains characters that the database cannot store: use other characters, or a database with the encoding UTF8.':
      'Ein Wert enthält Zeichen, die die Datenbank nicht speichern kann. Benutzen Sie andere Zeichen, oder eine Datenbank mit der Kodierung UTF8.',
    '"{name}" must be text of 1 to {longest} characters.':
      '„{name}“ muss ein Text von 1 bis {longest} Zeichen sein.',
    '"{name}" is longer than {longest} characters of JSON.':
      '„{name}“ ist länger als {longest} Zeichen JSON.',
    '"{name}" must not contain the key "__proto__".':
      '„{name}“ darf den Schlüssel „__proto__“ nicht enthalten.',
    '"{name}" is nested more than {deepest} levels deep.':
      '„{name}“ ist tiefer als {deepest} Ebenen verschachtelt.',
    '"{name}" contains characters that cannot be stored.':
      '„{name}“ enthält Zeichen, die nicht gespeichert werden können.',
    '"{name}" must be true or false.': '„{name}“ muss true oder false sein.',
    '"{name}" must be true or false, or a value of a form such as "on" or "off".':
      '„{name}“ muss true oder false sein, oder der Wert eines Formulars wie „on“ oder „off“.',
    '"{name}" must be text, or null.': '„{name}“ muss ein Text sein, oder null.',
    'Only the name of a session can be changed.': 'Nur der Name einer Sitzung kann geändert werden.',
    '"{name}" must be the id of a session.': '„{name}“ muss die Kennung einer Sitzung sein.',
    '"{name}" must come from newSessionId() for this user, because the sessions are stored in partitions.':
      '„{name}“ muss für diesen Benutzer von newSessionId() stammen, weil die Sitzungen in Partitionen gespeichert werden.',
    '"{name}" must be a list of at most {most} ids of sessions.':
      '„{name}“ muss eine Liste von höchstens {most} Kennungen von Sitzungen sein.',
    '"{name}" must be a whole number from {min} to {max}.':
      '„{name}“ muss eine ganze Zahl von {min} bis {max} sein.',
    '"{name}" must be the "next" value of a page.': '„{name}“ muss der Wert „next“ einer Seite sein.',
    '"{name}" must be an IP address.': '„{name}“ muss eine IP-Adresse sein.',
    '"{name}" must be a single value.': '„{name}“ muss ein einzelner Wert sein.',
    '"{name}" must be a GUID.': '„{name}“ muss eine GUID sein.',
    '"{name}" must be one of {values}.': '„{name}“ muss einer dieser Werte sein: {values}.',
    '"{name}" requires an order by "signedIn" alone and excludes "skip".':
      '„{name}“ erfordert eine Sortierung allein nach „signedIn“ und schließt „skip“ aus.',
    '"{name}" must be a list of { by, descending }: "by" is one of {values}, and "descending" is true or false.':
      '„{name}“ muss eine Liste von { by, descending } sein: „by“ ist einer der Werte {values}, und „descending“ ist true oder false.',
    '"{name}" must be a list of {values}, each optionally followed by "asc" or "desc".':
      '„{name}“ muss eine Liste aus {values} sein, jeweils wahlweise gefolgt von „asc“ oder „desc“.',
  },
};
