import express from 'express';
import request from 'supertest';

import { parseBody, parseForm } from '../../lib/http/form-body';

const app = express();
app.post('/form', parseForm, (req, res) => res.json(req.body));
app.post('/both', [...parseBody], (req: express.Request, res: express.Response) => res.json(req.body));

describe('the parsers of bodies', () => {
  it.each(['/form', '/both'])('%s accepts a form with 1,000 ids of sessions', async (path) => {
    const ids = Array.from({ length: 1000 }, (_, at) => String(at).padStart(32, '0'));
    const body = new URLSearchParams(ids.map((id): [string, string] => ['selected', id])).toString();
    expect((await request(app).post(path).type('form').send(body)).body.selected).toEqual(ids);
  });

  it('accept JSON only where it is expected', async () => {
    expect(
      (
        await request(app)
          .post('/both')
          .send({ ends: ['x'] })
      ).body,
    ).toEqual({ ends: ['x'] });
    expect(
      (
        await request(app)
          .post('/form')
          .send({ ends: ['x'] })
      ).body,
    ).not.toHaveProperty('ends');
  });
});
