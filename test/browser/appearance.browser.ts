import type { BrowserContextOptions, Page } from 'playwright-core';

import { describeWithChromium } from './chromium';
import { HEBREW } from './hebrew';
import { screenshot, Showcase, violations } from './showcase';
import { PHONE } from './user-agents';
import { tour } from './tour';

describeWithChromium('the appearance of all pages', () => {
  let demo: Showcase;

  beforeAll(async () => {
    demo = await Showcase.start({
      maxSessionsPerUser: 3,
      longLifetime: '400D',
      inactiveTimeSpan: '500D',
      languages: { he: HEBREW },
    });
  });
  afterAll(() => demo.stop());
  afterEach(() => {
    expect(demo.problems.splice(0)).toEqual([]);
  });

  /** Looks at all pages with a check that returns problems. Also asks axe-core, and writes pictures. */
  async function look(
    name: string,
    context: BrowserContextOptions,
    check: (page: Page) => Promise<readonly string[]>,
  ): Promise<void> {
    const found: string[] = [];
    await tour(demo, context, async (page, pageName) => {
      await screenshot(page, `${name}-${pageName}`);
      // axe-core computes contrasts from the colours of the style, which the browser replaces.
      const except = context.forcedColors === 'active' ? ['color-contrast'] : [];
      const problems = [...(await check(page)), ...(await violations(page, except))];
      found.push(...problems.map((problem) => `${pageName}: ${problem}`));
    });
    expect(found).toEqual([]);
  }

  it('fits into the width of the page from right to left, with everything on the other side', async () => {
    await look('rtl', { locale: 'he-IL' }, async (page) => [
      ...(await problemsIn(page, TOO_WIDE)),
      ...(await problemsIn(page, LEFT_TO_RIGHT)),
    ]);
  });

  it('fits into the width of the page from right to left on a phone', async () => {
    await look('rtl-phone', { locale: 'he-IL', viewport: { width: 390, height: 844 } }, (page) =>
      problemsIn(page, TOO_WIDE),
    );
  });

  it.each([
    ['light', 'light'],
    ['dark', 'dark'],
  ] as const)('shows icons, marks and limits of boxes in forced colours, %s', async (name, colorScheme) => {
    await look(`forced-${name}`, { forcedColors: 'active', colorScheme }, (page) =>
      problemsIn(page, LOST_COLOURS),
    );
  });

  it.each([
    ['200 %', { width: 640, height: 360 }, 2],
    ['400 %', { width: 320, height: 256 }, 4],
  ])('needs no scrolling to the side at %s', async (zoom, viewport, deviceScaleFactor) => {
    const name = `zoom-${zoom.slice(0, 3)}`;
    await look(name, { viewport, deviceScaleFactor }, (page) => problemsIn(page, TOO_WIDE));
  });

  it('moves nothing if the reader prefers that', async () => {
    await look('still', { reducedMotion: 'reduce' }, (page) => problemsIn(page, MOTION));
  });

  it.each([
    ['reduce', 'none'],
    ['no-preference', 'eis-appear'],
  ] as const)(
    'shows a new session with %s of motion by the animation %s',
    async (reducedMotion, animation) => {
      await demo.database.empty();
      const page = await demo.signedIn({ reducedMotion });
      await demo.nodes[0]!.manager.open({ userId: 'alice', userAgent: PHONE });
      await page.locator('.eis-session[data-new]').waitFor();
      const running = `getComputedStyle(document.querySelector('.eis-session[data-new]')).animationName`;
      expect(await page.evaluate(running)).toBe(animation);
      await page.context().close();
    },
  );
});

/** Runs an expression in the page that returns a list of problems. */
function problemsIn(page: Page, expression: string): Promise<readonly string[]> {
  return page.evaluate(expression);
}

const NAME = `const name = (element) => element.outerHTML.slice(0, 80);`;

/** Finds a page that scrolls to the side, and content outside of the page. A table scrolls in a box of its own. */
const TOO_WIDE = `(() => {
  ${NAME}
  const { scrollWidth, clientWidth } = document.documentElement;
  const isOutside = (element) => {
    const { left, right, width } = element.getBoundingClientRect();
    return width > 1 && (left < -1 || right > clientWidth + 1) && !element.closest('.eis-scroll > *');
  };
  return [
    ...(scrollWidth > clientWidth ? ['is ' + scrollWidth + ' px wide'] : []),
    ...[...document.querySelectorAll('body *')].filter(isOutside).map((element) => 'is outside: ' + name(element)),
  ];
})()`;

/** Finds items of lists whose icon or button is not on its side, and foreign names whose parts are in the wrong order. */
const LEFT_TO_RIGHT = `(() => {
  ${NAME}
  const centre = (element) => { const { left, right } = element.getBoundingClientRect(); return (left + right) / 2; };
  const problems = document.documentElement.dir === 'rtl' ? [] : ['has the direction ' + document.documentElement.dir];
  for (const item of document.querySelectorAll('.eis-session')) {
    const [icon, text, end] = ['.eis-icon', 'div', ':scope > button, :scope > p'].map((each) => item.querySelector(each));
    if (centre(icon) <= centre(text)) problems.push('has its icon on the left: ' + name(item));
    if (end && centre(end) >= centre(text)) problems.push('has its end on the right: ' + name(item));
  }
  for (const back of document.querySelectorAll('.eis-back')) {
    if (back.textContent.includes('←')) problems.push('has a wrong arrow: ' + name(back));
  }
  // The end of a name from left to right, such as "Phone!", is on its right, and the name is on the right of its line.
  for (const title of document.querySelectorAll('.eis h1, .eis-session h3')) {
    const node = document.createTreeWalker(title, NodeFilter.SHOW_TEXT).nextNode();
    const range = document.createRange();
    range.selectNodeContents(node);
    const { right } = range.getBoundingClientRect();
    if (right < title.getBoundingClientRect().right - 1) problems.push('is on the left: ' + node.data);
    if (!node.data.endsWith('!')) continue;
    range.setStart(node, node.length - 1);
    if (range.getBoundingClientRect().right < right) problems.push('is in the wrong order: ' + node.data);
  }
  return problems;
})()`;

/** Finds marks that forced colours have made invisible. */
const LOST_COLOURS = `(() => {
  ${NAME}
  if (!matchMedia('(forced-colors: active)').matches) return ['has no forced colours'];
  const probe = document.body.appendChild(document.createElement('i'));
  probe.style.cssText = 'color: CanvasText; background: Canvas';
  const { color: text, backgroundColor: canvas } = getComputedStyle(probe);
  probe.remove();
  const problems = [];
  for (const icon of document.querySelectorAll('main .eis-icon')) {
    if (getComputedStyle(icon).stroke !== text) problems.push('has an icon of another colour: ' + name(icon));
  }
  for (const mark of document.querySelectorAll('.eis-active')) {
    if (getComputedStyle(mark, '::before').backgroundColor !== text) problems.push('has lost a mark: ' + name(mark));
  }
  for (const box of document.querySelectorAll('.eis-card, .eis-badge, .eis-notice, .eis-button, dialog[open], input, select')) {
    if (box.type === 'hidden') continue;
    const { borderTopWidth, borderTopColor, appearance } = getComputedStyle(box);
    if (appearance === 'auto' && box.type === 'checkbox') continue;
    if (borderTopWidth === '0px' || borderTopColor === canvas) problems.push('has a box without a limit: ' + name(box));
  }
  return problems;
})()`;

/** Finds elements that move or change slowly. */
const MOTION = `(() => {
  ${NAME}
  const moves = (element, pseudo) => {
    const { animationName, transitionDuration, scrollBehavior } = getComputedStyle(element, pseudo);
    return animationName !== 'none' || !/^0s(, 0s)*$/.test(transitionDuration) || scrollBehavior === 'smooth';
  };
  return [
    ...(document.getAnimations().length > 0 ? ['runs an animation'] : []),
    ...[...document.querySelectorAll('*')]
      .filter((element) => [undefined, '::before', '::after', '::backdrop'].some((pseudo) => moves(element, pseudo)))
      .map((element) => 'moves: ' + name(element)),
  ];
})()`;
