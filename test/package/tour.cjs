'use strict';

const { once } = require('node:events');
const { readFileSync } = require('node:fs');

/**
 * What the users of an app do, in an app as its author would write it, with the modules that the app has loaded in its
 * own way. Returns what they saw.
 */
module.exports = async function tour({ express, createKnex, cookieParser, sessions, userId }) {
  const knex = createKnex({ client: 'pg', connection: process.env.DATABASE_URL });
  await sessions.migrate(knex);
  const manager = sessions.createIdentitySessionManager({ knex });
  const server = appOn(manager, { express, cookieParser, sessions }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await walk(`http://127.0.0.1:${server.address().port}`, userId);
  } finally {
    server.closeAllConnections();
    server.close();
    await manager.close();
    await knex.destroy();
  }
};

function appOn(manager, { express, cookieParser, sessions }) {
  const app = express();
  if (cookieParser !== undefined) app.use(cookieParser());
  const signIn = sessions.createSignIn(manager);
  app.post('/sign-in', express.json(), (request, response, next) => {
    signIn(request, response, request.body).then(() => response.sendStatus(204), next);
  });
  app.get('/private', sessions.sessionSecretGuard(manager), (request, response) => {
    response.json({ userId: request.identitySession.userId });
  });
  app.use(sessions.restRouter(manager));
  app.use(sessions.sessionErrors(manager));
  return app;
}

async function walk(url, userId) {
  const stranger = new Browser(url);
  const laptop = new Browser(url);
  const phone = new Browser(url);
  for (const browser of [laptop, phone]) await browser.send('POST', '/sign-in', { userId });

  const stopped = await stranger.send('GET', '/private');
  const passed = await laptop.send('GET', '/private');
  const listed = await laptop.send('GET', '/sessions');
  const other = listed.body.sessions.find((session) => !session.current);
  const revoked = await laptop.send('DELETE', `/sessions/${other.id}`);
  const ended = await phone.send('GET', '/private');
  const stays = await laptop.send('GET', '/private');
  return {
    express: JSON.parse(readFileSync('node_modules/express/package.json', 'utf8')).version.split('.')[0],
    stranger: [stopped.status, stopped.body.code],
    guarded: [passed.status, passed.body.userId],
    listed: [listed.status, listed.body.sessions.length],
    revoked: [revoked.status],
    ended: [ended.status, ended.body.code],
    stays: [stays.status],
  };
}

class Browser {
  #url;
  #cookie = '';

  constructor(url) {
    this.#url = url;
  }

  async send(method, path, body) {
    const response = await fetch(this.#url + path, {
      method,
      headers: { Cookie: this.#cookie, 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    const [cookie] = response.headers.getSetCookie();
    if (cookie !== undefined) this.#cookie = cookie.split(';')[0];
    const text = await response.text();
    return { status: response.status, body: text && JSON.parse(text) };
  }
}
