import { sample, shipped, type Source } from './sources';

/** The names of the protocols. They may appear only in `lib/protocols/` and in the device tables. */
const PROTOCOL = /open-?xchange|\babp\b/i;

const KNOWS_PROTOCOLS = /^lib\/(protocols|session\/device)\//;

/** The property of another system that an option corresponds to, in brackets, such as `[Abp.Identity.SomeSetting]`. */
const PROPERTY = /\[[\w-]+(?:\.[\w-]+)+\]/g;

/** Ids of clients that are the default of an option. */
const CLIENT_IDS = /\bopen-xchange-(?:mailapp|mobile-api-facade)\b/g;

function mentionsOfProtocols(sources: readonly Source[]): string[] {
  return sources
    .filter(({ path }) => !KNOWS_PROTOCOLS.test(path))
    .flatMap(({ path, text }) =>
      text
        .split('\n')
        .map((line, at) => ({ place: `${path}:${at + 1}`, line }))
        .filter(({ line }) => PROTOCOL.test(line.replace(PROPERTY, '').replace(CLIENT_IDS, '')))
        .map(({ place, line }) => `${place} ${line.trim()}`),
    );
}

describe('the core', () => {
  it('does not mention Open-Xchange or ABP', () => {
    expect(mentionsOfProtocols(shipped)).toEqual([]);
  });
});

describe('the check for mentions of protocols', () => {
  it.each([
    ['lib/manager/manager.ts', '/** As Open-Xchange does. */'],
    ['lib/store/rows.ts', "extraProperties['openXchange']"],
    ['lib/http/rest.ts', "import { abp } from './abp';"],
    ['migrations/001.ts', "table.jsonb('abp')"],
  ])('reports the line of %s: %s', (path, text) => {
    expect(mentionsOfProtocols(sample(path, text))).toEqual([`${path}:1 ${text}`]);
  });

  it.each([
    ['lib/protocols/abp/router.ts', '/** The routes of ABP. */'],
    ['lib/session/device/clients.ts', '/** Clients of Open-Xchange. */'],
    ['lib/options/options.ts', '/** The rule. [Abp.Identity.PreventConcurrentLogin] */'],
    ['lib/session/ip-check.ts', "default: ['open-xchange-mailapp']"],
  ])('accepts the line of %s: %s', (path, text) => {
    expect(mentionsOfProtocols(sample(path, text))).toEqual([]);
  });
});
