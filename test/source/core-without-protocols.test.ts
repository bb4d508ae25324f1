import { shipped, sample, type Source } from './sources';

/** The names of the protocols that have a folder of their own in `lib/protocols/`. */
const PROTOCOL_NAME = /open-?xchange|\bOX\b|\bABP\b/i;

/** The tables of devices know clients by their real names, and every protocol shows devices. */
const MAY_NAME_PROTOCOLS = /^lib\/(protocols|session\/device)\//;

/** Texts in which a name is allowed: properties of the seeds in brackets, the client ids that are defaults, and the claim of ABP. */
const ALLOWED =
  /\[[^\]]*(?:sessiond|com\.openexchange|Abp|IPCheck|cleanup|cookie|noipcheck|session\.management)[^\]]*\]|open-xchange-(?:mailapp|mobile-api-facade|appsuite)/gi;

function namesProtocol(sources: readonly Source[]): string[] {
  return sources
    .filter(({ path }) => !MAY_NAME_PROTOCOLS.test(path))
    .flatMap(({ path, text }) =>
      text
        .replace(ALLOWED, '')
        .split('\n')
        .filter((line) => PROTOCOL_NAME.test(line))
        .map((line) => `${path}: ${line.trim()}`),
    );
}

describe('the core', () => {
  it('does not mention the protocols in lib/protocols/', () => {
    expect(namesProtocol(shipped)).toEqual([]);
  });

  it.each([
    ["const KEPT = 'openXchange';"],
    ['/** As in Open-Xchange. */'],
    ["/** In ABP's words. */"],
    ["import { abp } from '../protocols/abp';"],
  ])('is reported if it contains %s', (text) => {
    expect(namesProtocol(sample('lib/manager/manager.ts', text))).toHaveLength(1);
  });

  it.each([
    ['/** The idle timeout. [sessiond.sessionDefaultLifeTime] */'],
    ['/** The rule. [Abp.Identity.PreventConcurrentLogin] */'],
    ["default: ['open-xchange-mailapp', 'open-xchange-mobile-api-facade'],"],
  ])('may contain %s', (text) => {
    expect(namesProtocol(sample('lib/options/options.ts', text))).toEqual([]);
  });
});
