import { UAParser } from 'ua-parser-js';

import { lru } from '../../lru';
import { browser, type Browser } from './browser';
import { knownClient, UNKNOWN_DEVICE, type KnownClient } from './clients';
import { davDevice } from './dav-agents';
import type { Device, DescribeDevice, Product } from './device';
import { operatingSystem, type OperatingSystem } from './operating-system';
import { displayText } from '../text';

/** The number of characters of a user agent that are read and stored. Parsers are slow for long texts. */
export const LONGEST_USER_AGENT = 512;

/**
 * The built-in conversion of a user agent and a client id to a device. Clients of Open-Xchange are recognized by their
 * ids. For all other client ids, the user agent decides.
 */
export const describeDevice: DescribeDevice = memoized((userAgent, clientId) => {
  const text = cut(userAgent);
  const client = knownClient(clientId);
  return frozen(client === undefined ? anyDevice(text) : deviceOf(client, text));
});

/**
 * The conversion that Open-Xchange uses: a client with any other id is an unknown device, and Edge with Chromium is
 * described as Chrome.
 */
export const describeOxDevice: DescribeDevice = memoized((userAgent, clientId) => {
  const client = knownClient(clientId);
  return frozen(
    client === undefined ? UNKNOWN_DEVICE : deviceOf(client, cut(userAgent).replace(NEW_EDGE, '')),
  );
});

/** Returns the same function with a cache of `max` devices. Lists show the same few devices again and again. */
export function memoized(describe: DescribeDevice, max = 1000): DescribeDevice {
  const known = lru<Device>(max);
  return (userAgent, clientId) => {
    const key = JSON.stringify([userAgent, clientId]);
    let device = known.get(key);
    if (device === undefined) {
      device = describe(userAgent, clientId);
      known.set(key, device);
    }
    return device;
  };
}

/** Returns the app's function with a cache, or the built-in function, which has one already. */
export function deviceDescriber(own: DescribeDevice | undefined, builtIn: DescribeDevice): DescribeDevice {
  return own === undefined ? builtIn : memoized(own);
}

const NEW_EDGE = / ?\bEdg(?:A|iOS)?\/[\w.]*/g;

function cut(userAgent: string | null): string {
  return userAgent?.slice(0, LONGEST_USER_AGENT) ?? '';
}

function deviceOf(client: KnownClient, userAgent: string): Device {
  switch (client.reads) {
    case 'nothing':
      return client.device;
    case 'browser':
      return browserDevice(browserIn(userAgent), systemIn(userAgent), client.product);
    case 'system': {
      const system = systemIn(userAgent);
      return { ...client.device, os: os(system), name: { ...client.device.name, system: system?.label } };
    }
    case 'agent':
      return davDevice(client.service, userAgent, os(systemIn(userAgent)));
  }
}

function anyDevice(userAgent: string): Device {
  const [program, system] = [browserIn(userAgent), systemIn(userAgent)];
  if (program !== undefined) return browserDevice(program, system);
  return { ...UNKNOWN_DEVICE, os: os(system), name: { system: system?.label } };
}

function browserDevice(
  program: Browser | undefined,
  system: OperatingSystem | undefined,
  product?: string,
): Device {
  if (program === undefined) {
    return { type: 'browser', family: 'unknown', os: os(system), client: null, name: { product } };
  }
  const { family, name, version } = program;
  return {
    type: 'browser',
    family,
    os: os(system),
    client: { name: name.toLowerCase(), version },
    name: { product, program: version === null ? name : `${name} ${version}`, system: system?.label },
  };
}

function os(system: OperatingSystem | undefined): Product | null {
  return system === undefined ? null : { name: system.name, version: system.version };
}

function browserIn(userAgent: string): Browser | undefined {
  const { name, major } = new UAParser(userAgent).getBrowser();
  return browser(name && displayText(name, LONGEST_NAME), major, userAgent);
}

function systemIn(userAgent: string): OperatingSystem | undefined {
  const { name, version } = new UAParser(userAgent).getOS();
  return operatingSystem(name && displayText(name, LONGEST_NAME), version, userAgent);
}

const LONGEST_NAME = 64;

function frozen(device: Device): Device {
  for (const part of [device.os, device.client, device.name]) Object.freeze(part);
  return Object.freeze(device);
}
