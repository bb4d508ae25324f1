import { invalidRequest } from '../errors';
import { checkNames, type Names } from '../options/reader';
import type { Settings } from '../options/settings';
import { LONGEST_DURATION } from '../session/duration';
import { CONCURRENCY } from '../session/revocation';
import { LARGEST_LIMIT, SESSION_LIMITS } from '../session/sign-in-rules';
import { jsonObject } from '../session/text';
import { wholeNumber } from '../session/whole-number';
import type { Policy, PolicyPatch } from '../store/store';

/** Returns the policy that applies on a node: the stored settings, or the node's options for settings that are not stored. */
export function policyInForce(policy: Policy, settings: Settings): Required<Policy> {
  const {
    preventConcurrentLogin,
    maxSessionsPerUser,
    maxSessionsPerClient,
    maxSessionsPerDevice,
    lifetimes,
  } = settings;
  const limits = { maxSessionsPerUser, maxSessionsPerClient, maxSessionsPerDevice };
  const inForce = {
    preventConcurrentLogin,
    ...limits,
    idleTimeout: lifetimes.short,
    protocols: {},
    ...policy,
  };
  return { ...inForce, idleTimeout: Math.min(inForce.idleTimeout, lifetimes.long) };
}

/** Returns the number of sessions of a user that cleanup never ends, or false if it ends no live sessions. */
export function mostKept(
  { maxSessionsKept, maxSessionsPerUser: option }: Settings,
  { maxSessionsPerUser = option }: Policy,
): number | false {
  if (maxSessionsKept === false || maxSessionsPerUser === Infinity) return maxSessionsKept;
  return Math.max(maxSessionsKept, maxSessionsPerUser);
}

const PATCH: Names<PolicyPatch> = {
  preventConcurrentLogin: true,
  maxSessionsPerUser: true,
  maxSessionsPerClient: true,
  maxSessionsPerDevice: true,
  idleTimeout: true,
  protocols: true,
};

/** In milliseconds, as the shortest `shortLifetime`. */
const SHORTEST_IDLE_TIMEOUT = 1000;

/**
 * Returns the patch with checked values and without absent settings.
 * @throws SessionError `invalid-request`
 * @throws TypeError if a name does not belong to `PolicyPatch`, or the settings of a protocol are not a JSON object
 */
export function checkedPatch(patch: PolicyPatch): PolicyPatch {
  checkNames('setPolicy', patch, PATCH);
  const { preventConcurrentLogin: rule, idleTimeout, protocols } = patch;
  if (idleTimeout !== undefined && idleTimeout !== null) {
    wholeNumber('idleTimeout', idleTimeout, SHORTEST_IDLE_TIMEOUT, LONGEST_DURATION);
  }
  if (rule !== undefined && rule !== null && !CONCURRENCY.includes(rule)) {
    throw invalidRequest('preventConcurrentLogin', '"{name}" must be one of {values}.', {
      values: CONCURRENCY.join(', '),
    });
  }
  return {
    ...(rule !== undefined && { preventConcurrentLogin: rule }),
    ...checkedLimits(patch),
    ...(idleTimeout !== undefined && { idleTimeout }),
    ...(protocols !== undefined && { protocols: checkedSettings(protocols) }),
  };
}

function checkedLimits(patch: PolicyPatch): PolicyPatch {
  const limits = SESSION_LIMITS.flatMap((name) => {
    const max = patch[name];
    if (max === undefined) return [];
    return [[name, max === null || max === Infinity ? max : wholeNumber(name, max, 1, LARGEST_LIMIT)]];
  });
  return Object.fromEntries(limits) as PolicyPatch;
}

/** Returns the settings of protocols, each a JSON object or null. The protocol itself checks their content. */
function checkedSettings(
  given: NonNullable<PolicyPatch['protocols']>,
): NonNullable<PolicyPatch['protocols']> {
  const settings = Object.entries(jsonObject('protocols', given) as typeof given);
  for (const [name, value] of settings) if (value !== null) jsonObject(`protocols.${name}`, value);
  return Object.fromEntries(settings);
}
