import type { IdentitySessionManager } from '../../lib';
import type { AdminPermission } from '../../lib/pages';
import type { Browser } from './browser';
import type { FakeClock } from './clock';
import { IPHONE, managerWithClock, pagesApp, signedIn } from './pages';

export const ADMIN = '/admin/sessions';

/** A page for administrators, with the browser of one who may do everything that `granted` contains. */
export class AdminPageUnderTest {
  manager!: IdentitySessionManager;
  clock!: FakeClock;
  granted!: AdminPermission[];
  admin!: Browser;

  async start(): Promise<void> {
    const { manager, clock } = managerWithClock();
    this.manager = manager;
    this.clock = clock;
    this.granted = ['sessions.read', 'sessions.end', 'policy.change'];
    this.admin = await this.as({ userId: 'admin' });
  }

  as(facts: { userId: string; tenantId?: string }): Promise<Browser> {
    const isGranted = (permission: AdminPermission) => this.granted.includes(permission);
    return signedIn(pagesApp(this.manager, { admin: { isGranted } }), facts);
  }

  /** Opens a session of a user and returns its id. */
  async open(userId: string, said: object = {}): Promise<string> {
    this.clock.advance(1000);
    const signIn = { userId, userAgent: IPHONE, ipAddress: '192.0.2.7', ...said };
    return (await this.manager.open(signIn)).session.sessionId;
  }

  async isLive(id: string): Promise<boolean> {
    return (await this.manager.administration.get(id)).endedAt === null;
  }
}

/** Returns the users in the table of a page. */
export function usersOn({ text }: { readonly text: string }): (string | undefined)[] {
  return [...text.matchAll(/<th scope="row">\s*(\S+)/g)].map(([, user]) => user);
}

/** Returns a page for administrators that is new for each test. */
export function adminPageUnderTest(): AdminPageUnderTest {
  const page = new AdminPageUnderTest();
  beforeEach(() => page.start());
  afterEach(() => page.manager.close());
  return page;
}
