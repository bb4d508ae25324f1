// The script of the pages. All pages also work without it.

const main = document.querySelector('main.eis');
const live = document.getElementById('eis-live');
const dialog = document.getElementById('eis-dialog');
const texts = JSON.parse(live?.dataset.texts ?? '{}');
const locales = [document.documentElement.lang, 'en'];

/** The HTML of each item as the server sent it, before its times were localized. */
const sent = new WeakMap();

showTimes(document);
setInterval(() => showTimes(document), 30_000);
forgetNotice();
if (live) follow();
if (live?.dataset.events) watch();

/* Times, in the time zone of the reader */

function showTimes(root) {
  const exact = new Intl.DateTimeFormat(locales, { dateStyle: 'long', timeStyle: 'short' });
  for (const time of root.querySelectorAll('time')) {
    const text = exact.format(new Date(time.dateTime));
    if ('exact' in time.dataset) time.textContent = text;
    else {
      time.title = text;
      time.textContent = relative(new Date(time.dateTime));
    }
  }
}

/** As `Reader.relative` of the server. */
function relative(date) {
  const seconds = (date - Date.now()) / 1000;
  if (Math.abs(seconds) < 45) return main.dataset.now;
  const [unit, length] = [
    ['minute', 60, 59.5 * 60],
    ['hour', 3600, 23.5 * 3600],
    ['day', 86_400, 30 * 86_400],
    ['month', 30.44 * 86_400, 350 * 86_400],
    ['year', 365.25 * 86_400, Infinity],
  ].find(([, , most]) => Math.abs(seconds) < most);
  const format = new Intl.RelativeTimeFormat(locales, { numeric: 'auto' });
  return format.format(Math.round(seconds / length), unit);
}

/** Shows a notice only once: a reload or a bookmark of the page does not repeat it. */
function forgetNotice() {
  const url = new URL(location.href);
  if (!url.searchParams.has('notice')) return;
  url.searchParams.delete('notice');
  url.searchParams.delete('count');
  history.replaceState(null, '', url);
}

/* The list of sessions */

function follow() {
  for (const item of live.querySelectorAll('.eis-session')) sent.set(item, item.outerHTML);
  live.addEventListener('submit', ask);
  live.addEventListener('change', select);
  dialog.addEventListener('click', ({ target }) => {
    if (target === dialog || 'cancel' in target.dataset) dialog.close();
  });
  showSelection();
}

function boxes() {
  return [...live.querySelectorAll('[name=selected]')];
}

function select({ target }) {
  if ('all' in target.dataset) for (const box of boxes()) box.checked = target.checked;
  showSelection();
}

function showSelection() {
  const all = boxes();
  const checked = all.filter((box) => box.checked).length;
  const master = live.querySelector('[data-all]');
  if (master) {
    master.checked = checked > 0 && checked === all.length;
    master.indeterminate = checked > 0 && checked < all.length;
  }
  const button = live.querySelector('[value=selected]');
  if (button) button.disabled = checked === 0;
}

/* Changes while the page is open. A hidden page has no stream. */

function watch() {
  let source;
  const open = () => {
    source?.close();
    if (document.hidden) return;
    const { events, version } = live.dataset;
    source = new EventSource(`${events}?version=${encodeURIComponent(version)}`);
    source.addEventListener('sessions', ({ data }) => update(data));
    source.addEventListener('ended', ({ data }) => {
      source.close();
      location.assign(data);
    });
    // A browser does not try again after an answer such as 503.
    source.addEventListener('error', () => {
      if (source.readyState === EventSource.CLOSED) setTimeout(open, 5000);
    });
  };
  // If the form ends the session of this page, its answer says so, and not the stream.
  document.addEventListener('submit', ({ defaultPrevented }) => defaultPrevented || source?.close());
  document.addEventListener('visibilitychange', open);
  addEventListener('pagehide', () => source?.close());
  addEventListener('pageshow', ({ persisted }) => persisted && open());
  open();
}

/** Shows the lists that the server sent. Keeps checked boxes, the focus, and the items that are the same. */
function update(text) {
  const next = new DOMParser().parseFromString(text, 'text/html').getElementById('eis-live');
  const checked = new Set(boxes().flatMap((box) => (box.checked ? [box.value] : [])));
  const before = new Map([...live.querySelectorAll('.eis-session')].map((item) => [item.id, item]));
  const focus = focusNow(before);
  const appeared = [];
  for (const item of next.querySelectorAll('.eis-session')) {
    const old = before.get(item.id);
    const html = item.outerHTML;
    if (old && sent.get(old) === html) item.replaceWith(old);
    else {
      sent.set(item, html);
      if (!old) appeared.push(item);
    }
    before.delete(item.id);
  }
  for (const item of appeared) item.dataset.new = '';
  Object.assign(live.dataset, next.dataset);
  live.replaceChildren(...next.childNodes);
  for (const box of boxes()) box.checked = checked.has(box.value);
  showSelection();
  showTimes(live);
  restore(focus);
  announce(texts.appeared, appeared);
  announce(texts.disappeared, [...before.values()]);
}

/** Returns where the focus is: in which item, and on which of its elements. */
function focusNow(items) {
  const element = document.activeElement;
  if (!live.contains(element)) return undefined;
  const item = element.closest('.eis-session');
  const ids = [...items.keys()];
  return {
    selector: element.id ? `#${element.id}` : item ? element.tagName : `[value="${element.value}"]`,
    ids: item
      ? [item.id, ...ids.slice(ids.indexOf(item.id) + 1), ...ids.slice(0, ids.indexOf(item.id)).reverse()]
      : [],
    inItem: item !== null,
  };
}

/** Sets the focus on the same element. If its item is gone, on the next one, or else on the heading. */
function restore(focus) {
  if (!focus) return;
  const item = focus.ids.map((id) => document.getElementById(id)).find(Boolean);
  const target = focus.inItem ? item?.querySelector(focus.selector) : live.querySelector(focus.selector);
  (target ?? live.querySelector('h2')).focus({ preventScroll: true });
}

function announce(message, items) {
  if (items.length === 0) return;
  const titles = items.map((item) => filled(message, { title: item.dataset.title }));
  document.getElementById('eis-announcer').textContent = titles.join('. ');
}

/* The question before sessions end */

function ask(event) {
  const { submitter } = event;
  if (!submitter) return;
  event.preventDefault();
  const { title, effect, fields } = questionOf(submitter);
  const form = dialog.querySelector('form');
  form.action = live.dataset.end;
  form.querySelector('h2').textContent = title;
  form.querySelector('p').textContent = effect;
  for (const field of form.querySelectorAll('[type=hidden]')) field.remove();
  for (const [name, value] of fields) {
    form.append(Object.assign(document.createElement('input'), { type: 'hidden', name, value }));
  }
  dialog.showModal();
}

function questionOf(button) {
  const { name, value } = button;
  const fields = [[name, value]];
  if (name === 'id') {
    const { title, effect } = button.closest('.eis-session').dataset;
    const question = effect === 'currentEffect' ? texts.current : filled(texts.one, { title });
    return { title: question, effect: texts[effect], fields };
  }
  const effect = texts.severalEffect;
  if (value === 'others') return { title: plural(texts.others, Number(live.dataset.count)), effect, fields };
  const ids = boxes().flatMap((box) => (box.checked ? [['selected', box.value]] : []));
  return { title: plural(texts.several, ids.length), effect, fields: [...fields, ...ids] };
}

function plural(forms, count) {
  const form = forms[new Intl.PluralRules(locales).select(count)] ?? forms.other;
  return filled(form, { count: new Intl.NumberFormat(locales).format(count) });
}

function filled(message, values) {
  return message.replace(/\{(\w+)\}/g, (placeholder, name) => values[name] ?? placeholder);
}
