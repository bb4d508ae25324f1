import type { DescribedSession } from '../../lib';

/** The subject of a mail, with the facts that it tells. */
export type Subject =
  | { readonly about: 'new-device'; readonly described: DescribedSession; readonly link: string }
  | { readonly about: 'failures'; readonly count: number; readonly ipAddress: string | null }
  | { readonly about: 'secured' };

/** A mail that an app would send. The demo shows it on a page instead. */
export type Mail = Subject & { readonly to: string; readonly at: number };

/** The number of mails that are kept. */
const MOST = 20;

/** The mails of all users, newest first, in the memory of this process. */
export class Mailbox {
  readonly #mails: Mail[] = [];

  get mails(): readonly Mail[] {
    return this.#mails;
  }

  deliver(to: string, subject: Subject): void {
    this.#mails.unshift({ ...subject, to, at: Date.now() });
    this.#mails.splice(MOST);
  }
}
