import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Theft } from '../../lib';
import { Certificate } from '../support/certificate';
import { until } from '../support/gate';
import { describeWithChromium } from './chromium';
import { RestartableChromium } from './restartable-chromium';
import { TlsCluster } from './tls-cluster';

const SESSION = '__Host-Http-identity';
const ROTATION = 5 * 60_000;
const GRACE = 60_000;

describeWithChromium('rotation in a browser that is killed', () => {
  let folder: string;
  let cluster: TlsCluster;
  let browser: RestartableChromium;
  let thefts: Theft[];

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'identity-sessions-tls-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  beforeEach(async () => {
    thefts = [];
    const certificate = new Certificate(folder, 'localhost');
    cluster = await TlsCluster.start(certificate, {
      rotateAfter: ROTATION,
      rotationGrace: GRACE,
      onTheft: (theft) => void thefts.push(theft),
    });
    browser = await RestartableChromium.start({ url: cluster.url, certificate: certificate.hash });
    await browser.page.goto('/session');
    expect(await browser.status('POST', '/sign-in', { userId: 'alice', staySignedIn: true })).toBe(200);
  });
  afterEach(async () => {
    await browser.stop();
    await cluster.stop();
  });

  /** Opens a page that needs the session, and returns the status of its response. */
  const open = async () => (await browser.page.goto('/private'))!.status();
  const cookie = async () => (await browser.jar()).get(SESSION);

  /** Kills the browser as soon as it has used a new secret, twice. Returns the earlier cookie, which is on its disk. */
  async function loseNewestSecret(): Promise<string> {
    await browser.restart();
    const stored = await cookie();
    cluster.ahead += ROTATION;
    expect(await open()).toBe(200);
    const newest = await cookie();
    expect(newest).not.toBe(stored);
    for (let crash = 0; crash < 2; crash++) {
      // On both nodes. The use does not show that the browser has stored the secret.
      expect([await open(), await open()]).toEqual([200, 200]);
      await browser.crash();
      expect(await cookie()).toBe(stored);
      expect(await open()).toBe(200);
      expect(await cookie()).toBe(newest);
    }
    return stored!;
  }

  it('gives the newest secret again, as often as the browser loses it', async () => {
    for (let round = 0; round < 3; round++) {
      await loseNewestSecret();
      cluster.ahead += GRACE;
      expect([await open(), await open()]).toEqual([200, 200]);
    }
    expect(thefts).toEqual([]);
  });

  it('takes a copy of the earlier cookie for theft when the newest secret is confirmed', async () => {
    const copy = new Map([[SESSION, await loseNewestSecret()]]);
    expect(await cluster.steal(copy)).toBe(200);
    cluster.ahead += GRACE;
    expect(await open()).toBe(200);

    expect(await cluster.steal(copy)).toBe(401);
    expect(thefts).toMatchObject([{ session: { userId: 'alice' } }]);
    await until(async () => (await open()) === 401);
  });
});
