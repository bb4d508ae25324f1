// <identity-sessions endpoint="/api" lang="de">: a user's sessions in any front end, with the REST routes of `restRouter`.
// Events: `session-ended` after sessions ended, with `detail.ids` or `detail.others`; `signed-out` if the session of this page has
// ended; `authentication-required` if the user must sign in again before sessions can be ended; `sessions-error` if a request failed. Set the property `texts` to change texts or to add a language.

const TEXTS = {
  en: {
    current: 'This browser',
    active: 'Last active {time}',
    signedIn: 'Signed in {time}',
    signOut: 'Sign out',
    signOutOf: 'Sign out {title}',
    confirm: 'Sign out “{title}”?',
    others: 'Sign out all other sessions',
    confirmOthers: 'Sign out all other sessions?',
    cancel: 'Cancel',
    more: 'Show more',
    loading: 'Loading …',
    empty: 'There are no sessions.',
    ended: '{title} was signed out.',
    failed: 'That did not work. Try again later.',
    expired: 'Sign in again to see your sessions.',
  },
  de: {
    current: 'Dieser Browser',
    active: 'Zuletzt aktiv {time}',
    signedIn: 'Angemeldet {time}',
    signOut: 'Abmelden',
    signOutOf: '{title} abmelden',
    confirm: '„{title}“ abmelden?',
    others: 'Alle anderen Sitzungen abmelden',
    confirmOthers: 'Alle anderen Sitzungen abmelden?',
    cancel: 'Abbrechen',
    more: 'Mehr anzeigen',
    loading: 'Wird geladen …',
    empty: 'Es gibt keine Sitzungen.',
    ended: '{title} wurde abgemeldet.',
    failed: 'Das hat nicht geklappt. Versuchen Sie es später erneut.',
    expired: 'Melden Sie sich erneut an, um Ihre Sitzungen zu sehen.',
  },
};

const STYLE = new CSSStyleSheet();
STYLE.replaceSync(`
  :host { display: block; color-scheme: inherit; font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
  ul { display: grid; gap: 0.75rem; margin: 0 0 1rem; padding: 0; list-style: none; }
  li { display: flex; flex-wrap: wrap; gap: 0.5rem 1rem; align-items: center; padding: 1rem;
    border: 1px solid var(--eis-line, light-dark(#dde1e8, #323947)); border-radius: var(--eis-radius, 0.75rem);
    background: var(--eis-card, light-dark(#fff, #1b1f28)); color: var(--eis-text, light-dark(#1a1f2b, #e8eaf0)); }
  li > div { flex: 1 1 12rem; }
  p { margin: 0; font-size: 1rem; }
  p { color: var(--eis-quiet, light-dark(#59616f, #a4acba)); font-size: 0.875rem; }
  small { padding: 0 0.5rem; border-radius: 1rem; background: var(--eis-accent-soft, light-dark(#e7ecff, #273059));
    color: var(--eis-accent, light-dark(#2f51cf, #9fb2ff)); font-weight: 500; }
  button { min-height: 2.25rem; padding: 0.375rem 0.875rem; border: 1px solid var(--eis-line, light-dark(#dde1e8, #323947));
    border-radius: 0.5rem; background: var(--eis-card, light-dark(#fff, #1b1f28)); color: inherit; font: inherit; cursor: pointer; }
  button[part~='danger'] { color: var(--eis-danger, light-dark(#b3202f, #ff9aa5)); }
  button:disabled { opacity: 0.6; }
  dialog { max-width: min(30rem, calc(100vw - 2rem)); padding: 1.5rem; border: 0; border-radius: var(--eis-radius, 0.75rem);
    background: var(--eis-card, light-dark(#fff, #1b1f28)); color: var(--eis-text, light-dark(#1a1f2b, #e8eaf0)); }
  dialog div { display: flex; gap: 0.5rem; justify-content: flex-end; margin-top: 1rem; }
  @media (forced-colors: active) { small { border: 1px solid; } }
`);

/** Creates an element. Text is always set as text. */
function element(name, properties = {}, ...children) {
  const { part, role, label, ...rest } = properties;
  const created = Object.assign(document.createElement(name), rest);
  if (part) created.setAttribute('part', part);
  if (role) created.setAttribute('role', role);
  if (label) created.setAttribute('aria-label', label);
  created.append(...children.filter((child) => child !== undefined && child !== ''));
  return created;
}

function filled(message, values) {
  return message.replace(/\{(\w+)\}/g, (placeholder, name) => values[name] ?? placeholder);
}

class IdentitySessions extends HTMLElement {
  static observedAttributes = ['endpoint', 'lang'];

  /** Texts that replace the built-in ones. */
  texts = {};
  #sessions = [];
  #next;
  #root = this.attachShadow({ mode: 'open' });
  #status = element('p', { part: 'status', role: 'status', tabIndex: -1 });
  #list = element('ul', { part: 'list', role: 'list' });
  #actions = element('div', { part: 'actions' });
  #dialog = element('dialog', { part: 'dialog' });
  #onVisible = () => document.hidden || void this.refresh();

  constructor() {
    super();
    this.#root.adoptedStyleSheets = [STYLE];
    this.#root.append(this.#status, this.#list, this.#actions, this.#dialog);
  }

  connectedCallback() {
    document.addEventListener('visibilitychange', this.#onVisible);
    void this.refresh();
  }

  disconnectedCallback() {
    document.removeEventListener('visibilitychange', this.#onVisible);
  }

  attributeChangedCallback() {
    if (this.isConnected) void this.refresh();
  }

  /** Reads the first page of sessions again. */
  async refresh() {
    if (this.#sessions.length === 0) this.#say(this.#text('loading'));
    const page = await this.#request('GET', '/sessions');
    if (page === undefined) return;
    this.#sessions = page.sessions.toSorted((one, other) => Number(other.current) - Number(one.current));
    this.#next = page.next;
    this.#say(page.sessions.length === 0 ? this.#text('empty') : '');
    this.#render();
  }

  get #language() {
    return this.lang || this.closest('[lang]')?.lang || navigator.language;
  }

  #text(name, values = {}) {
    const built = TEXTS[this.#language.slice(0, 2)] ?? TEXTS.en;
    return filled(this.texts[name] ?? built[name], values);
  }

  #say(text, problem = false) {
    this.#status.setAttribute('role', problem ? 'alert' : 'status');
    this.#status.textContent = text;
  }

  /** Returns the body of the answer, or undefined after a failure, which was shown. */
  async #request(method, path) {
    try {
      const headers = { Accept: 'application/json', 'Accept-Language': this.#language };
      const answer = await fetch((this.getAttribute('endpoint') ?? '') + path, { method, headers });
      if (answer.ok) return answer.status === 204 ? {} : await answer.json();
      const problem = await answer.json().catch(() => ({}));
      const mustConfirm = problem.code === 'authentication-insufficient';
      const signedOut = answer.status === 401 && !mustConfirm;
      this.#fail(signedOut ? this.#text('expired') : (problem.detail ?? this.#text('failed')), problem);
      if (signedOut) this.#emit('signed-out', problem);
      if (mustConfirm) this.#emit('authentication-required', problem);
    } catch (error) {
      this.#fail(this.#text('failed'), error);
    }
    return undefined;
  }

  #fail(text, detail) {
    this.#say(text, true);
    this.#emit('sessions-error', detail);
  }

  #emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }

  #render() {
    this.#list.replaceChildren(...this.#sessions.map((session) => this.#item(session)));
    const others = element('button', {
      part: 'button danger',
      type: 'button',
      textContent: this.#text('others'),
    });
    others.addEventListener('click', () => this.#askOthers());
    const more = element('button', { part: 'button', type: 'button', textContent: this.#text('more') });
    more.addEventListener('click', () => this.#showMore());
    const several = this.#sessions.length > 1;
    this.#actions.replaceChildren(...(several ? [others] : []), ...(this.#next ? [more] : []));
  }

  #item(session) {
    const title = session.name ?? session.device.displayName;
    const button = element('button', {
      part: 'button',
      type: 'button',
      textContent: this.#text('signOut'),
      label: this.#text('signOutOf', { title }),
    });
    button.addEventListener('click', () => this.#ask(session, title));
    const badge = session.current
      ? element('small', { part: 'current', textContent: this.#text('current') })
      : undefined;
    const facts = [
      session.name && session.device.displayName,
      session.location,
      session.ipAddress,
      session.client,
    ];
    return element(
      'li',
      { part: 'item' },
      element(
        'div',
        {},
        element('strong', { part: 'title' }, title, ' ', badge),
        element('p', { part: 'facts', textContent: facts.filter(Boolean).join(' · ') }),
        element(
          'p',
          { part: 'facts' },
          this.#time('active', session.lastAccessed),
          ' · ',
          this.#time('signedIn', session.signedIn),
        ),
      ),
      button,
    );
  }

  #time(message, iso) {
    const date = new Date(iso);
    const locales = [this.#language, 'en'];
    const seconds = (date - Date.now()) / 1000;
    const [unit, length] =
      [
        ['minute', 60, 3570],
        ['hour', 3600, 84_600],
        ['day', 86_400, Infinity],
      ].find(([, , most]) => Math.abs(seconds) < most) ?? [];
    const time = new Intl.RelativeTimeFormat(locales, { numeric: 'auto' }).format(
      Math.round(seconds / length),
      unit,
    );
    const title = new Intl.DateTimeFormat(locales, { dateStyle: 'long', timeStyle: 'short' }).format(date);
    return element('time', { dateTime: iso, title, textContent: this.#text(message, { time }) });
  }

  async #showMore() {
    const page = await this.#request('GET', `/sessions?after=${encodeURIComponent(this.#next)}`);
    if (page === undefined) return;
    this.#sessions.push(...page.sessions.filter(({ current }) => !current));
    this.#next = page.next;
    this.#render();
  }

  #ask(session, title) {
    this.#confirm(this.#text('confirm', { title }), async () => {
      if ((await this.#request('DELETE', `/sessions/${session.id}`)) === undefined) return;
      this.#emit('session-ended', { ids: [session.id] });
      if (session.current) this.#emit('signed-out', { reason: 'signed-out' });
      else await this.refresh();
      this.#say(this.#text('ended', { title }));
      this.#status.focus();
    });
  }

  #askOthers() {
    this.#confirm(this.#text('confirmOthers'), async () => {
      if ((await this.#request('DELETE', '/sessions/others')) === undefined) return;
      this.#emit('session-ended', { others: true });
      await this.refresh();
      this.#status.focus();
    });
  }

  #confirm(question, act) {
    const cancel = element('button', { part: 'button', type: 'button', textContent: this.#text('cancel') });
    const end = element('button', {
      part: 'button danger',
      type: 'button',
      textContent: this.#text('signOut'),
    });
    cancel.addEventListener('click', () => this.#dialog.close());
    end.addEventListener('click', () => {
      this.#dialog.close();
      void act();
    });
    this.#dialog.setAttribute('aria-label', question);
    this.#dialog.replaceChildren(
      element('strong', { textContent: question }),
      element('div', {}, cancel, end),
    );
    this.#dialog.showModal();
  }
}

customElements.define('identity-sessions', IdentitySessions);
