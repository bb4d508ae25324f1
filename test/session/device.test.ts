import { describeDevice, memoised } from '../../lib/session/device';

describe('a device', () => {
  it.each([
    [
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/65.0.3325.181 Safari/537.36',
      { type: 'browser', displayName: 'Chrome 65 on Linux', client: { name: 'chrome', version: '65' } },
    ],
    [
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0',
      { type: 'browser', displayName: 'Firefox 140 on Windows 10', os: { name: 'windows', version: '10' } },
    ],
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1',
      { type: 'browser', displayName: 'Mobile Safari 17 on iOS 17.5' },
    ],
    ['curl/8.5.0', { type: 'other' }],
    ['', { type: 'other', displayName: 'Unknown device', os: null, client: null }],
    [null, { type: 'other', displayName: 'Unknown device', os: null, client: null }],
  ])('that calls itself %j is described', (userAgent, expected) => {
    expect(describeDevice(userAgent)).toMatchObject(expected);
  });

  it.each([
    'a'.repeat(100_000),
    '(;'.repeat(50_000),
    'Mozilla/5.0 ' + 'x; '.repeat(40_000),
    '1 '.repeat(50_000),
  ])('is described at once, however hostile its name', (userAgent) => {
    const before = process.cpuUsage();
    describeDevice(userAgent);
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(1000);
  });

  it('that was described before is not described again', () => {
    const describe = jest.fn(describeDevice);
    const remembering = memoised(describe);
    expect(remembering('curl/8')).toBe(remembering('curl/8'));
    expect(describe).toHaveBeenCalledTimes(1);
  });

  it('is forgotten when there are too many', () => {
    const describe = jest.fn(describeDevice);
    const remembering = memoised(describe, 2);
    for (const userAgent of ['a', 'b', 'c', 'c', 'a']) remembering(userAgent);
    expect(describe).toHaveBeenCalledTimes(4);
  });
});
