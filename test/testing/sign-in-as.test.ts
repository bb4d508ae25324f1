import express, { type Express } from 'express';
import request from 'supertest';

import {
  createIdentitySessionManager,
  createSignIn,
  restRouter,
  sessionOf,
  sessionSecretGuard,
  type IdentitySessionManager,
} from '../../lib';
import { memory, signInAs, TestClock } from '../../lib/testing';

let manager: IdentitySessionManager;
let app: Express;
let clock: TestClock;

beforeEach(() => {
  clock = new TestClock();
  manager = createIdentitySessionManager({ store: memory(), clock, location: false });
  app = express();
  const signIn = createSignIn(manager);
  app.post('/sign-in', (req, res, next) => {
    signIn(req, res, { userId: 'bob' }).then(() => res.sendStatus(204), next);
  });
  app.use(restRouter(manager));
  app.get('/', sessionSecretGuard(manager), (req, res) => {
    res.json(sessionOf(req));
  });
});
afterEach(() => manager.close());

describe('signInAs', () => {
  it('signs an agent in, which is then a browser of its own', async () => {
    const [alice, guest] = [request.agent(app), request.agent(app)];
    const session = await signInAs(alice, manager, 'alice');
    for (let i = 0; i < 2; i++) {
      const { body } = await alice.get('/').expect(200);
      expect(body).toMatchObject({ userId: 'alice', sessionId: session.sessionId });
    }
    await guest.get('/').expect(401);
  });

  it('accepts the facts of a sign-in', async () => {
    const agent = request.agent(app);
    await signInAs(agent, manager, { userId: 'alice', tenantId: 'acme', data: { visits: 3 } });
    expect((await agent.get('/')).body).toMatchObject({ tenantId: 'acme', data: { visits: 3 } });
  });

  it('returns the session, which the test can end', async () => {
    const agent = request.agent(app);
    const session = await signInAs(agent, manager, 'alice');
    await manager.revoke({ owner: session, only: [session.sessionId] });
    await agent.get('/').expect(401);
  });

  it('opens a session that expires when the clock of the test is advanced', async () => {
    const agent = request.agent(app);
    await signInAs(agent, manager, 'alice');
    clock.advance('59m');
    await agent.get('/').expect(200);
    clock.advance('1h');
    await agent.get('/').expect(401);
  });

  it('lets the agent list and end its sessions, and sign out', async () => {
    const [desk, phone] = [request.agent(app), request.agent(app)];
    await signInAs(desk, manager, 'alice');
    const other = await signInAs(phone, manager, 'alice');
    expect((await desk.get('/sessions')).body.sessions).toHaveLength(2);
    await desk.delete(`/sessions/${other.sessionId}`).expect(204);
    await phone.get('/').expect(401);
    await desk.delete('/session').expect(204);
    await desk.get('/').expect(401);
  });

  it('also works if the manager sends its cookies over plain HTTP, and if the agent signs in again', async () => {
    await manager.close();
    manager = createIdentitySessionManager({ store: memory(), location: false, cookies: { secure: false } });
    app = express();
    const signIn = createSignIn(manager);
    app.post('/sign-in', (req, res, next) => {
      signIn(req, res, { userId: 'bob' }).then(() => res.sendStatus(204), next);
    });
    app.get('/', sessionSecretGuard(manager), (req, res) => res.json(sessionOf(req)));
    const agent = request.agent(app);
    await signInAs(agent, manager, 'alice');
    expect((await agent.get('/')).body).toMatchObject({ userId: 'alice' });
    await agent.post('/sign-in').expect(204);
    expect((await agent.get('/')).body).toMatchObject({ userId: 'bob' });
  });
});
