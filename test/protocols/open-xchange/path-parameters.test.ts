import type { Request, Response } from 'express';

import { withoutPathParameter } from '../../../lib/protocols/open-xchange/path-parameters';

describe('withoutPathParameter', () => {
  it.each([
    ['/login', '/login'],
    ['/login;jsessionid=1157370816112.OX1', '/login'],
    ['/login;JSESSIONID=1.OX1?action=redirect', '/login?action=redirect'],
    ['/login;jsessionid=1;a=b/c?x', '/login;a=b/c?x'],
    ['/login;other=1', '/login;other=1'],
    ['/login?a=b;jsessionid=1', '/login?a=b;jsessionid=1'],
  ])('turns %s into %s', (url, expected) => {
    const request = { url } as Request;
    const next = jest.fn();
    void withoutPathParameter(request, {} as Response, next);
    expect(request.url).toBe(expected);
    expect(next).toHaveBeenCalledWith();
  });
});
