// The script of the pages for signed-in users. The pages also work without it.

/** The interval in which a page checks that its session is still live, in milliseconds. */
const CHECK_INTERVAL = 2000;

showRelativeTimes();
removeNoticeFromAddress();
renewCookie();
setInterval(leaveWhenEnded, CHECK_INTERVAL);

function showRelativeTimes() {
  const exact = new Intl.DateTimeFormat('en', { dateStyle: 'full', timeStyle: 'medium' });
  for (const element of document.querySelectorAll('time')) {
    const date = new Date(element.dateTime);
    element.textContent = fromNow(date);
    element.title = exact.format(date);
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

/** Shows a notice only once: a reload or a bookmark of the page does not repeat it. */
function removeNoticeFromAddress() {
  if (location.search !== '') history.replaceState(null, '', location.pathname);
}

/** Restarts the lifetime of the cookie of a user who stays signed in. */
function renewCookie() {
  void fetch('/session/autologin', { method: 'POST' }).catch(() => undefined);
}

/** Reloads the page after its session has ended. `GET /session` is not activity, so an open page keeps no session alive. */
async function leaveWhenEnded() {
  if (document.hidden) return;
  const answer = await fetch('/session', { headers: { Accept: 'application/json' } }).catch(() => undefined);
  // The guard of this page redirects to the sign-in page, which shows the reason.
  if (answer?.status === 401) location.assign('/');
}
