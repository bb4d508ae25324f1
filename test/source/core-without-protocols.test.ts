import { shipped, sample, type Source } from './sources';

/** The names of the protocols that have a folder of their own in `lib/protocols/`. */
const PROTOCOL_NAME = /open-?e?xchange|\bOX\b|abp/i;

/** The tables of devices know clients by their real names, and every protocol shows devices. */
const MAY_NAME_PROTOCOLS = /^lib\/(protocols|session\/device)\//;

/** Names that are allowed everywhere: properties in brackets, and the client ids that are defaults of an option. */
const ALLOWED = /\[(?:com\.openexchange|Abp)\.[^\]\n]*\]|(['`])open-xchange-(?:mailapp|mobile-api-facade)\1/g;

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
    ["import { abpRouter } from '../protocols/router';"],
    ["import { dialect } from '../protocols/abp/dialect';"],
    ['/** As in OX. */'],
    ['// Like openexchange-server.'],
    ['/** [Open-Xchange does not have this.] */'],
    ['/** [com.openexchange.cookie.ttl] Open-Xchange reads it at the start. */'],
  ])('is reported if it contains %s', (text) => {
    expect(namesProtocol(sample('lib/manager/manager.ts', text))).toHaveLength(1);
  });

  it.each([
    ['/** The idle timeout. [sessiond.sessionDefaultLifeTime] */'],
    ['/** The rule. [Abp.Identity.PreventConcurrentLogin] */'],
    ["default: ['open-xchange-mailapp', 'open-xchange-mobile-api-facade'],"],
    ['/** The range. [com.openexchange.IPCheckWhitelist, com.openexchange.IPMaskV4] */'],
    ['/** Boxes are not foxes. */'],
  ])('may contain %s', (text) => {
    expect(namesProtocol(sample('lib/options/options.ts', text))).toEqual([]);
  });

  it.each(['lib/session/text.ts', 'lib/http/rest.ts', 'lib/index.ts', 'migrations/001_identity_sessions.ts'])(
    'includes %s',
    (path) => {
      expect(namesProtocol(sample(path, '// Open-Xchange'))).toHaveLength(1);
    },
  );

  it.each(['lib/session/device/clients.ts', 'lib/protocols/open-xchange/dialect.ts'])(
    'does not include %s',
    (path) => {
      expect(namesProtocol(sample(path, '// Open-Xchange'))).toEqual([]);
    },
  );
});
