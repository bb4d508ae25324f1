import { milliseconds, type Duration } from '../session/duration';

/** The names of the presets. */
export const PRESET_NAMES = ['nist-aal1', 'nist-aal2', 'nist-aal3', 'asvs-l1', 'asvs-l2', 'asvs-l3'] as const;

/** The name of a preset: limits that a standard sets for sessions. */
export type Preset = (typeof PRESET_NAMES)[number];

/** One limit of a preset. Options may set a shorter time, but no longer one. */
export interface Limit {
  readonly time: Duration;
  /** The clause that sets the limit. */
  readonly clause: string;
}

/** The limits of a preset. An absent limit is not set. */
export interface PresetLimits {
  /** The longest time without a request, also for sessions that stay signed in. */
  readonly idle?: Limit;
  /** The longest time since the authentication. */
  readonly absolute: Limit;
  /** The longest time since the authentication with which other sessions can be ended. */
  readonly recency?: Limit;
}

const NIST = 'NIST SP 800-63B-4, section';
const DOCUMENTED = `ASVS 5.0, 7.1.1 with ${NIST}`;

/**
 * The limits of each preset. ASVS asks for documented times that do not deviate from NIST without a reason, so that its levels have
 * those of NIST. Neither standard sets a recency. It is the idle limit of the same level here: after this time, a session counts as
 * left alone.
 */
export const PRESETS: Readonly<Record<Preset, PresetLimits>> = {
  'nist-aal1': { absolute: { time: '30D', clause: `${NIST} 2.1.3` } },
  'nist-aal2': {
    idle: { time: '1H', clause: `${NIST} 2.2.3` },
    absolute: { time: '24H', clause: `${NIST} 2.2.3` },
    recency: { time: '1H', clause: `the idle limit of ${NIST} 2.2.3` },
  },
  'nist-aal3': {
    idle: { time: '15M', clause: `${NIST} 2.3.3` },
    absolute: { time: '12H', clause: `${NIST} 2.3.3` },
    recency: { time: '15M', clause: `the idle limit of ${NIST} 2.3.3` },
  },
  'asvs-l1': { absolute: { time: '30D', clause: `${DOCUMENTED} 2.1.3` } },
  'asvs-l2': {
    idle: { time: '1H', clause: `ASVS 5.0, 7.3.1 with ${NIST} 2.2.3` },
    absolute: { time: '24H', clause: `ASVS 5.0, 7.3.2 with ${NIST} 2.2.3` },
    recency: { time: '1H', clause: 'ASVS 5.0, 7.5.1 and 7.5.2' },
  },
  'asvs-l3': {
    idle: { time: '15M', clause: `ASVS 5.0, 7.3.1 with ${NIST} 2.3.3` },
    absolute: { time: '12H', clause: `ASVS 5.0, 7.3.2 with ${NIST} 2.3.3` },
    recency: { time: '15M', clause: 'ASVS 5.0, 7.5.1 to 7.5.3' },
  },
};

/** The options that a preset limits, each with the limit that it must not exceed. */
const LIMITED = {
  shortLifetime: 'idle',
  longLifetime: 'idle',
  absoluteLifetime: 'absolute',
  recency: 'recency',
} as const satisfies Readonly<Record<string, keyof PresetLimits>>;

type LimitedOption = keyof typeof LIMITED;

const LIMITED_OPTIONS = Object.keys(LIMITED) as readonly LimitedOption[];

/** Returns the options, with the limits of the preset in the place of options that are not given. */
export function withPreset<Options extends { readonly preset?: Preset | undefined }>(
  options: Options,
): Options {
  const limits = limitsOf(options.preset);
  if (limits === undefined) return options;
  const preset = LIMITED_OPTIONS.flatMap((name) => {
    const limit = limits[LIMITED[name]];
    return limit === undefined ? [] : [[name, limit.time] as const];
  });
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(preset), ...Object.fromEntries(given) } as Options;
}

/** Yields a problem for each option that exceeds a limit of the preset. */
export function* beyondPreset(
  values: { readonly preset?: Preset | undefined } & Readonly<Record<LimitedOption, number | false>>,
): Iterable<string> {
  for (const name of LIMITED_OPTIONS) {
    const problem = beyondLimit(values.preset, LIMITED[name], name, values[name]);
    if (problem !== undefined) yield problem;
  }
}

/** Returns the problem if the value of the option `name` exceeds a limit of the preset. */
export function beyondLimit(
  preset: Preset | undefined,
  limited: keyof PresetLimits,
  name: string,
  value: number | false,
): string | undefined {
  const limit = limitsOf(preset)?.[limited];
  if (limit === undefined || (value !== false && value <= milliseconds(limit.time))) return undefined;
  const given = value === false ? 'is false' : `(${value} ms) is too long`;
  return `\`${name}\` ${given} for the preset "${preset}": give at most "${limit.time}", or leave it out (${limit.clause})`;
}

function limitsOf(preset: Preset | undefined): PresetLimits | undefined {
  return preset !== undefined && Object.hasOwn(PRESETS, preset) ? PRESETS[preset] : undefined;
}
