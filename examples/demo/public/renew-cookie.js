// Restarts the lifetime of the cookie of a user who stays signed in.
if (document.querySelector('header.signed-in'))
  void fetch('/session/autologin', { method: 'POST' }).catch(() => undefined);
