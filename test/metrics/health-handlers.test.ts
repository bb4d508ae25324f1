import express from 'express';
import request from 'supertest';

import { memory, migrate, type SessionEvent } from '../../lib';
import { livez, readyz } from '../../lib/metrics';
import { emptyDatabase, type TestDatabase } from '../support/database';
import { managerOn } from '../support/manager';

let database: TestDatabase;

beforeEach(async () => {
  database = await emptyDatabase();
});
afterEach(() => database.destroy());

describe('livez', () => {
  it('returns 200 without asking the database', async () => {
    const app = express().get('/livez', livez());
    const response = await request(app).get('/livez').expect(200, { status: 'ok' });
    expect(response.headers['cache-control']).toBe('no-store');
  });
});

describe('readyz', () => {
  it('returns 503 without details while the tables are missing, reports it once, and then returns 200', async () => {
    const events: SessionEvent[] = [];
    const manager = managerOn({ knex: database.knex, report: (event) => void events.push(event) });
    const app = express().get('/readyz', readyz(manager));
    const failures = () => events.filter((event) => event.type === 'failed' && event.task === 'readiness');
    await request(app).get('/readyz').expect(503, { status: 'unavailable' });
    await request(app).get('/readyz').expect(503, { status: 'unavailable' });
    expect(failures()).toHaveLength(1);
    await migrate(database.knex);
    await request(app).get('/readyz').expect(200, { status: 'ok' });
    await manager.close();
  });

  it('sends no statement after the first success', async () => {
    await migrate(database.knex);
    const manager = managerOn({ knex: database.knex });
    const app = express().get('/readyz', readyz(manager));
    await request(app).get('/readyz').expect(200);
    const asked = jest.spyOn(manager.administration, 'policy');
    await request(app).get('/readyz').expect(200);
    expect(asked).not.toHaveBeenCalled();
    await manager.close();
  });

  it('returns 503 while the circuit breaker is open, and asks the database itself, so that it can close', async () => {
    await migrate(database.knex);
    const manager = managerOn({ knex: database.knex });
    const app = express().get('/readyz', readyz(manager));
    await request(app).get('/readyz').expect(200);
    const health = jest.spyOn(manager, 'health');
    health.mockReturnValue({ database: { available: false } });
    const asked = jest.spyOn(manager.administration, 'policy');
    await request(app).get('/readyz').expect(503, { status: 'unavailable' });
    expect(asked).toHaveBeenCalled();
    health.mockRestore();
    await request(app).get('/readyz').expect(200);
    await manager.close();
  });

  it('returns 200 for a manager without a database', async () => {
    const app = express().get('/readyz', readyz(managerOn({ store: memory() })));
    await request(app).get('/readyz').expect(200);
  });

  it('refuses another object than a manager when it is built', () => {
    expect(() => readyz({} as never)).toThrow(/needs the manager/);
  });
});
