// What pages behind the guard do by themselves. They work without it, too.

/** How often a page asks whether its session still lives, in milliseconds. */
const ASK_EVERY = 2000;

sayTimesAsPeopleDo();
forgetNotice();
renewCookie();
setInterval(leaveWhenEnded, ASK_EVERY);

function sayTimesAsPeopleDo() {
  const exactly = new Intl.DateTimeFormat('en', { dateStyle: 'full', timeStyle: 'medium' });
  for (const element of document.querySelectorAll('time')) {
    const date = new Date(element.dateTime);
    element.textContent = fromNow(date);
    element.title = exactly.format(date);
  }
}

function fromNow(date) {
  const format = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
  const minutes = Math.round((date - Date.now()) / 60_000);
  if (Math.abs(minutes) < 1) return 'just now';
  if (Math.abs(minutes) < 60) return format.format(minutes, 'minute');
  if (Math.abs(minutes) < 24 * 60) return format.format(Math.round(minutes / 60), 'hour');
  return format.format(Math.round(minutes / (24 * 60)), 'day');
}

/** A notice is for once: reloading the page, or keeping its address, shall not say it again. */
function forgetNotice() {
  if (location.search !== '') history.replaceState(null, '', location.pathname);
}

/** Whoever comes back to stay signed in gets the cookie anew, for its whole life time again. */
function renewCookie() {
  void fetch('/session/autologin', { method: 'POST' }).catch(() => undefined);
}

/** Asking for `/session` does not count as activity, so an open page keeps no session alive. */
async function leaveWhenEnded() {
  if (document.hidden) return;
  const answer = await fetch('/session', { headers: { Accept: 'application/json' } }).catch(() => undefined);
  // The guard of this very page says why.
  if (answer?.status === 401) location.assign('/');
}
