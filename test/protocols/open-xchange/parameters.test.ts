import type { Request } from 'express';

import {
  flagParameter,
  parameter,
  queryParameter,
  requiredParameter,
} from '../../../lib/protocols/open-xchange/parameters';

function request(url: string, body?: unknown, type = 'application/x-www-form-urlencoded'): Request {
  return { url, body, is: (wanted: string) => wanted === type } as unknown as Request;
}

describe('a parameter of a request', () => {
  it.each([
    ['/x?a=1', undefined, '1'],
    ['/x?a=1&a=2', undefined, '1'],
    ['/x?a=1', { a: '2' }, '1'],
    ['/x?b=1', { a: '2' }, '2'],
    ['/x', { a: ['2', '3'] }, '2'],
    ['/x', { a: { b: '2' } }, undefined],
    ['/x', { a: [{ b: '2' }] }, undefined],
    ['/x?a[b]=1', undefined, undefined],
    ['/x?a=%', undefined, '%'],
    ['/x?a=b%20c+d', undefined, 'b c d'],
    ['/x?%61=1', undefined, '1'],
    ['/x?a', undefined, ''],
    ['/x?x=y?a=1', undefined, undefined],
    ['/x', undefined, undefined],
    ['/x', null, undefined],
    ['/x', 'a=1', undefined],
  ])('is read from %s with the body %j as %j', (url, body, expected) => {
    expect(parameter(request(url, body), 'a')).toBe(expected);
  });

  it('is undefined for names of Object.prototype and for bodies that are not forms', () => {
    expect(parameter(request('/x', {}), 'toString')).toBeUndefined();
    expect(parameter(request('/x', { a: '1' }, 'application/json'), 'a')).toBeUndefined();
  });

  it('that is allowed only in the query is not read from the body', () => {
    expect(queryParameter(request('/x', { a: '1' }), 'a')).toBeUndefined();
  });

  it.each(['/x', '/x?a='])('that is required is reported as missing in %s', (url) => {
    expect(() => requiredParameter(request(url), 'a')).toThrow('Missing the following request parameter: a');
  });

  it.each([
    ['true', true],
    ['1', true],
    ['Yes', true],
    ['y', true],
    ['ON', true],
    ['false', false],
    ['0', false],
    ['', false],
    ['truely', false],
  ])('with the value %j is read as the flag %j', (value, expected) => {
    expect(flagParameter(request(`/x?a=${value}`), 'a')).toBe(expected);
  });

  it('that is missing is read as an undefined flag', () => {
    expect(flagParameter(request('/x'), 'a')).toBeUndefined();
  });
});
