// <identity-sessions endpoint="/api" lang="de">: a user's sessions in any front end, with the REST routes of `restRouter`. While the
// element is visible, it follows the sessions by a stream, which is not activity.
// Events: `session-ended` after the user ended sessions, with `detail.ids` or `detail.others`; `session-named`, with `detail.id` and
// `detail.name`; `signed-out` if the session of this page has ended, with `detail.reason`; `authentication-required` if the
// user must sign in again before sessions can be ended; `sessions-error` if a request failed.
// Set the property `texts` to change texts or to add a language.

const TEXTS = {
  en: {
    current: 'This browser',
    active: 'Last active {time}',
    signedIn: 'Signed in {time}',
    rename: 'Name',
    renameOf: 'Name {title}',
    name: 'Name of “{title}”',
    nameHint: 'Only you see this name. Leave it empty for no name.',
    save: 'Save',
    named: 'The name was saved.',
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
    appeared: 'New session: {title}.',
    failed: 'That did not work. Try again later.',
    expired: 'Sign in again to see your sessions.',
  },
  de: {
    current: 'Dieser Browser',
    active: 'Zuletzt aktiv {time}',
    signedIn: 'Angemeldet {time}',
    rename: 'Benennen',
    renameOf: '{title} benennen',
    name: 'Name von „{title}“',
    nameHint: 'Nur Sie sehen diesen Namen. Lassen Sie das Feld leer, um ihn zu entfernen.',
    save: 'Speichern',
    named: 'Der Name wurde gespeichert.',
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
    appeared: 'Neue Sitzung: {title}.',
    failed: 'Das hat nicht geklappt. Versuchen Sie es später erneut.',
    expired: 'Melden Sie sich erneut an, um Ihre Sitzungen zu sehen.',
  },
};

/** The longest name of a session, in characters. */
const LONGEST_NAME = 64;

/** The time after which a lost stream is opened again, in milliseconds. */
const RETRY = 5000;

const STYLE = new CSSStyleSheet();
STYLE.replaceSync(`
  :host { display: block; color-scheme: inherit; font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
  ul { display: grid; gap: 0.75rem; margin: 0 0 1rem; padding: 0; list-style: none; }
  li { display: flex; flex-wrap: wrap; gap: 0.5rem; align-items: center; padding: 1rem;
    border: 1px solid var(--eis-line, light-dark(#dde1e8, #323947)); border-radius: var(--eis-radius, 0.75rem);
    background: var(--eis-card, light-dark(#fff, #1b1f28)); color: var(--eis-text, light-dark(#1a1f2b, #e8eaf0)); }
  li > div { flex: 1 1 12rem; }
  p { margin: 0; color: var(--eis-quiet, light-dark(#59616f, #a4acba)); font-size: 0.875rem; }
  small { padding: 0 0.5rem; border-radius: 1rem; background: var(--eis-accent-soft, light-dark(#e7ecff, #273059));
    color: var(--eis-accent, light-dark(#2f51cf, #9fb2ff)); font-weight: 500; }
  button, input { min-height: 2.25rem; padding: 0.375rem 0.875rem; border: 1px solid var(--eis-line, light-dark(#dde1e8, #323947));
    border-radius: 0.5rem; background: var(--eis-card, light-dark(#fff, #1b1f28)); color: inherit; font: inherit; }
  button { cursor: pointer; }
  input { box-sizing: border-box; width: 100%; margin-top: 0.5rem; border-color: currentColor; }
  button[part~='danger'] { color: var(--eis-danger, light-dark(#b3202f, #ff9aa5)); }
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

/** Calls `receive` with each server-sent event of a response. `EventSource` could neither name a language nor show a refusal. */
async function readEvents(response, receive) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const complete = (text + value).split('\n\n');
    text = complete.pop();
    for (const event of complete) {
      const fieldsOf = (name) =>
        event
          .split('\n')
          .flatMap((line) => (line.startsWith(`${name}: `) ? [line.slice(name.length + 2)] : []));
      receive(fieldsOf('event')[0], fieldsOf('data').join('\n'), fieldsOf('id')[0]);
    }
  }
}

class IdentitySessions extends HTMLElement {
  static observedAttributes = ['endpoint', 'lang'];

  /** Texts that replace the built-in ones. */
  texts = {};
  /** The sessions of the first page, and those of further pages that the user has asked for. */
  #first = [];
  #further = [];
  #next;
  /** The id of the last event with sessions. */
  #version;
  /** Aborts the stream. Undefined without a stream. */
  #stream;
  #inLayout = false;
  #clock;
  #root = this.attachShadow({ mode: 'open' });
  #status = element('p', { part: 'status', role: 'status', tabIndex: -1 });
  #list = element('ul', { part: 'list', role: 'list' });
  #actions = element('div', { part: 'actions' });
  #dialog = element('dialog', { part: 'dialog' });
  #watch = () => this.#follow();
  // The margin lets the element follow its sessions also while it is scrolled out of the window, but not while it is not displayed.
  #layout = new IntersectionObserver(
    (entries) => {
      this.#inLayout = entries.at(-1).isIntersecting;
      this.#follow();
    },
    { rootMargin: '1000000px' },
  );

  constructor() {
    super();
    this.#root.adoptedStyleSheets = [STYLE];
    this.#root.append(this.#status, this.#list, this.#actions, this.#dialog);
  }

  connectedCallback() {
    document.addEventListener('visibilitychange', this.#watch);
    this.#layout.observe(this);
    this.#clock = setInterval(() => this.#showTimes(), 30_000);
    this.#say(this.#text('loading'));
  }

  disconnectedCallback() {
    document.removeEventListener('visibilitychange', this.#watch);
    this.#layout.disconnect();
    clearInterval(this.#clock);
    this.#inLayout = false;
    this.#follow();
  }

  attributeChangedCallback() {
    if (!this.isConnected) return;
    this.#stop();
    this.#version = undefined;
    this.#follow();
  }

  /** Reads the first page of sessions again. */
  async refresh() {
    const page = await this.#request('GET', '/sessions');
    if (page !== undefined) this.#show(page);
  }

  get #sessions() {
    return [...this.#first, ...this.#further];
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

  /* The stream */

  /** Opens the stream if the element is visible and has none, or closes it if the element is not. */
  #follow() {
    if (!this.#inLayout || document.hidden) this.#stop();
    else if (this.#stream === undefined) void this.#read((this.#stream = new AbortController()));
  }

  #stop() {
    this.#stream?.abort();
    this.#stream = undefined;
  }

  async #read(stream) {
    const { signal } = stream;
    const headers = this.#version === undefined ? {} : { 'Last-Event-ID': this.#version };
    try {
      const response = await this.#fetch('GET', '/sessions/events', { headers, signal });
      if (response.ok) {
        if (this.#sessions.length === 0) this.#say(this.#text('loading'));
        await readEvents(response, (...event) => signal.aborted || this.#receive(...event));
      } else if (response.status === 401 || this.#version === undefined) await this.#refused(response);
    } catch (error) {
      if (!signal.aborted && this.#version === undefined) this.#fail(this.#text('failed'), error);
    }
    if (signal.aborted) return;
    setTimeout(() => {
      if (signal.aborted) return;
      this.#stream = undefined;
      this.#follow();
    }, RETRY);
  }

  #receive(name, data, id) {
    if (name === 'ended') this.#signedOut(JSON.parse(data));
    if (name !== 'sessions') return;
    this.#version = id;
    this.#show(JSON.parse(data));
  }

  /* Requests */

  #fetch(method, path, { headers, ...options } = {}) {
    const all = { Accept: 'application/json', 'Accept-Language': this.#language, ...headers };
    return fetch((this.getAttribute('endpoint') ?? '') + path, { method, headers: all, ...options });
  }

  /** Returns the body of the answer, or undefined after a failure, which was shown. */
  async #request(method, path, body) {
    const json = body && { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
    try {
      const response = await this.#fetch(method, path, json);
      if (response.ok) return response.status === 204 ? {} : await response.json();
      await this.#refused(response);
    } catch (error) {
      this.#fail(this.#text('failed'), error);
    }
    return undefined;
  }

  async #refused(response) {
    const problem = await response.json().catch(() => ({}));
    // The session lives on; the app has to authenticate its user again.
    const mustConfirm = problem.code === 'authentication-insufficient';
    if (response.status === 401 && !mustConfirm) return this.#signedOut(problem);
    this.#fail(problem.detail ?? this.#text('failed'), problem);
    if (mustConfirm) this.#emit('authentication-required', problem);
  }

  /** Shows the reason for which the session of the page has ended, and removes the user's sessions. */
  #signedOut(problem) {
    this.#stop();
    this.#version = undefined;
    this.#first = this.#further = [];
    this.#next = undefined;
    this.#dialog.close();
    this.#render();
    const expired = this.#text('expired');
    this.#say(problem.detail ? `${problem.detail} ${expired}` : expired, true);
    this.#emit('signed-out', problem);
  }

  #fail(text, detail) {
    this.#say(text, true);
    this.#emit('sessions-error', detail);
  }

  #emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }

  /* The list */

  #show({ sessions, next }) {
    const before = new Set(this.#sessions.map(({ id }) => id));
    const ids = new Set(sessions.map(({ id }) => id));
    const wasEmpty = before.size === 0;
    this.#first = sessions.toSorted((one, other) => Number(other.current) - Number(one.current));
    this.#further = next === undefined ? [] : this.#further.filter(({ id }) => !ids.has(id));
    if (this.#further.length === 0) this.#next = next;
    const titles = this.#render();
    const appeared = sessions.filter(({ id }) => !before.has(id)).map(({ id }) => titles.get(id));
    if (sessions.length === 0) this.#say(this.#text('empty'));
    else if (wasEmpty) this.#say('');
    else if (appeared.length > 0) this.#say(this.#text('appeared', { title: appeared.join(', ') }));
  }

  /** Returns the titles by id. Equal titles get a number, so that each button has its own name. */
  #titles() {
    const seen = new Map();
    return new Map(
      this.#sessions.map(({ id, name, device }) => {
        const title = name ?? device.displayName;
        const count = (seen.get(title) ?? 0) + 1;
        seen.set(title, count);
        return [id, count === 1 ? title : `${title} (${count})`];
      }),
    );
  }

  /** Builds the list again. Keeps the focus on its button, or moves it to the next item if the item is gone. */
  #render() {
    const titles = this.#titles();
    const focused = this.#root.activeElement?.closest('li button');
    const items = [...this.#list.children];
    const at = focused ? items.indexOf(focused.closest('li')) : -1;
    this.#list.replaceChildren(
      ...this.#sessions.map((session) => this.#item(session, titles.get(session.id))),
    );
    const several = this.#sessions.length > 1;
    this.#actions.replaceChildren(
      ...(several ? [this.#button('others', () => this.#askOthers(), { part: 'button danger' })] : []),
      ...(this.#next ? [this.#button('more', () => this.#showMore())] : []),
    );
    if (at >= 0) {
      const order = [...items.slice(at), ...items.slice(0, at).reverse()].map(({ id }) => id);
      const item = order.map((id) => this.#root.getElementById(id)).find(Boolean);
      (item?.querySelector(`[data-act=${focused.dataset.act}]`) ?? this.#status).focus();
    }
    return titles;
  }

  #item(session, title) {
    const { name, device, location, ipAddress, client } = session;
    const facts = [name && device.displayName, location, ipAddress, client].filter(Boolean);
    const badge = session.current
      ? element('small', { part: 'current', textContent: this.#text('current') })
      : undefined;
    const times = [
      this.#time('active', session.lastAccessed),
      ' · ',
      this.#time('signedIn', session.signedIn),
    ];
    return element(
      'li',
      { part: 'item', id: `s-${session.id}` },
      element(
        'div',
        {},
        element('strong', { part: 'title' }, title, ' ', badge),
        element('p', { part: 'facts', textContent: facts.join(' · ') }),
        element('p', { part: 'facts' }, ...times),
      ),
      this.#button('rename', () => this.#askName(session, title), {
        label: this.#text('renameOf', { title }),
      }),
      this.#button('signOut', () => this.#ask(session, title), { label: this.#text('signOutOf', { title }) }),
    );
  }

  #button(act, click, properties = {}) {
    const shown = { part: 'button', type: 'button', textContent: this.#text(act), ...properties };
    const button = element('button', shown);
    button.dataset.act = act;
    button.addEventListener('click', click);
    return button;
  }

  #time(message, iso) {
    const time = element('time', { dateTime: iso });
    time.dataset.message = message;
    this.#showTime(time);
    return time;
  }

  #showTimes() {
    for (const time of this.#root.querySelectorAll('time')) this.#showTime(time);
  }

  #showTime(element) {
    const date = new Date(element.dateTime);
    const locales = [this.#language, 'en'];
    const seconds = (date - Date.now()) / 1000;
    const [unit, length] = [
      ['minute', 60, 3570],
      ['hour', 3600, 84_600],
      ['day', 86_400, Infinity],
    ].find(([, , most]) => Math.abs(seconds) < most);
    const format = new Intl.RelativeTimeFormat(locales, { numeric: 'auto' });
    const time = format.format(Math.round(seconds / length), unit);
    element.textContent = this.#text(element.dataset.message, { time });
    element.title = new Intl.DateTimeFormat(locales, { dateStyle: 'long', timeStyle: 'short' }).format(date);
  }

  async #showMore() {
    const page = await this.#request('GET', `/sessions?after=${encodeURIComponent(this.#next)}`);
    if (page === undefined) return;
    const shown = new Set(this.#sessions.map(({ id }) => id));
    this.#further.push(...page.sessions.filter(({ id }) => !shown.has(id)));
    this.#next = page.next;
    this.#render();
  }

  /* Acts of the user */

  #ask({ id, current }, title) {
    this.#open(this.#text('confirm', { title }), 'signOut', [], async () => {
      // The answer says that the session of this page has ended, and not the stream.
      if (current) this.#stop();
      const done = await this.#request('DELETE', `/sessions/${id}`);
      if (done === undefined) return this.#follow();
      this.#emit('session-ended', { ids: [id] });
      if (current) return this.#signedOut({ reason: 'signed-out' });
      this.#further = this.#further.filter((session) => session.id !== id);
      await this.refresh();
      this.#say(this.#text('ended', { title }));
      this.#status.focus();
    });
  }

  #askOthers() {
    this.#open(this.#text('confirmOthers'), 'signOut', [], async () => {
      if ((await this.#request('DELETE', '/sessions/others')) === undefined) return;
      this.#emit('session-ended', { others: true });
      this.#further = [];
      await this.refresh();
      this.#status.focus();
    });
  }

  #askName({ id, name }, title) {
    const question = this.#text('name', { title });
    const hint = element('p', { id: 'hint', textContent: this.#text('nameHint') });
    const input = element('input', {
      part: 'name',
      label: question,
      value: name ?? '',
      maxLength: LONGEST_NAME,
    });
    input.setAttribute('aria-describedby', 'hint');
    this.#open(question, 'save', [input, hint], async () => {
      const named = input.value.trim() || null;
      if ((await this.#request('PATCH', `/sessions/${id}`, { name: named })) === undefined) return;
      this.#emit('session-named', { id, name: named });
      for (const session of this.#sessions) if (session.id === id) session.name = named ?? undefined;
      this.#render();
      this.#say(this.#text('named'));
    });
  }

  /** Asks a question in the dialog, with fields, and acts after the answer. */
  #open(question, act, fields, then) {
    const end = this.#button(act, () => undefined, {
      type: 'submit',
      part: act === 'signOut' ? 'button danger' : 'button',
    });
    const cancel = this.#button('cancel', () => this.#dialog.close());
    // A form with this method closes the dialog and sends nothing.
    const form = element(
      'form',
      { method: 'dialog' },
      element('strong', { textContent: question }),
      ...fields,
      element('div', {}, cancel, end),
    );
    form.addEventListener('submit', () => void then());
    this.#dialog.setAttribute('aria-label', question);
    this.#dialog.replaceChildren(form);
    this.#dialog.showModal();
  }
}

customElements.define('identity-sessions', IdentitySessions);
