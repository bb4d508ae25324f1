import { UAParser } from 'ua-parser-js';

import { lru } from '../../lru';
import { type App, embeddingApp, namedApp } from './apps';
import { browser, hintedBrowser, type Browser } from './browser';
import type { ClientHints } from './client-hints';
import { knownClient, UNKNOWN_DEVICE, type KnownClient } from './clients';
import { davDevice } from './dav-agents';
import type { Device, DescribeDevice, Product } from './device';
import { hintedSystem, operatingSystem, type OperatingSystem } from './operating-system';
import { displayText, visible } from '../text';

/** The number of characters of a user agent that are read and stored. Parsers are slow for long texts. */
export const LONGEST_USER_AGENT = 512;

/**
 * The built-in conversion of a user agent, a client id and client hints to a device. Clients of Open-Xchange are recognized
 * by their ids. For all other client ids, the user agent and the hints decide.
 */
export const describeDevice: DescribeDevice = memoized((userAgent, clientId, clientHints) => {
  const agent = { userAgent: cut(userAgent), hints: clientHints ?? {} };
  const client = knownClient(clientId);
  return frozen(client === undefined ? anyDevice(agent) : deviceOf(client, agent));
});

/**
 * The conversion that Open-Xchange uses: a client with any other id is an unknown device, and Edge with Chromium is
 * described as Chrome.
 */
export const describeOxDevice: DescribeDevice = memoized((userAgent, clientId, clientHints) => {
  const agent = { userAgent: cut(userAgent).replace(NEW_EDGE, ''), hints: clientHints ?? {} };
  const client = knownClient(clientId);
  return frozen(client === undefined ? UNKNOWN_DEVICE : deviceOf(client, agent));
});

/** The texts by which a browser or an app describes itself. */
interface Agent {
  readonly userAgent: string;
  readonly hints: ClientHints;
}

/** Returns the same function with a cache of `max` devices. Lists show the same few devices again and again. */
export function memoized(describe: DescribeDevice, max = 1000): DescribeDevice {
  const known = lru<Device>(max);
  return (userAgent, clientId, clientHints = null) => {
    const key = JSON.stringify([userAgent, clientId, clientHints]);
    let device = known.get(key);
    if (device === undefined) {
      device = describe(userAgent, clientId, clientHints);
      known.set(key, device);
    }
    return device;
  };
}

/** Returns the app's function with a cache, or the built-in function, which has one already. */
export function deviceDescriber(own: DescribeDevice | undefined, builtIn: DescribeDevice): DescribeDevice {
  return own === undefined ? builtIn : memoized((...facts) => withVisibleText(own(...facts)));
}

/** The app's function may have copied text from the user agent. `displayName` treats the parts of the name itself. */
function withVisibleText(device: Device): Device {
  const shown = (part: Product | null) =>
    part && { ...part, name: visible(part.name), version: visible(part.version) };
  return Object.freeze({ ...device, os: shown(device.os), client: shown(device.client) });
}

const NEW_EDGE = / ?\bEdg(?:A|iOS)?\/[\w.]*/g;

function cut(userAgent: string | null): string {
  return userAgent?.slice(0, LONGEST_USER_AGENT) ?? '';
}

function deviceOf(client: KnownClient, agent: Agent): Device {
  switch (client.reads) {
    case 'nothing':
      return client.device;
    case 'browser':
      return browserDevice(browserIn(agent.userAgent), systemIn(agent), client.product);
    case 'system': {
      const system = systemIn(agent);
      return { ...client.device, os: os(system), name: { ...client.device.name, system: system?.label } };
    }
    case 'agent':
      return davDevice(client.service, agent.userAgent, os(systemIn(agent)));
  }
}

function anyDevice(agent: Agent): Device {
  const [program, system] = [browserIn(agent.userAgent), systemIn(agent)];
  if (program !== undefined) {
    const device = browserDevice({ ...program, ...hintedBrowser(program, agent.hints) }, system);
    return { ...device, name: { ...device.name, model: agent.hints.model } };
  }
  const app = namedApp(agent.userAgent);
  return {
    ...UNKNOWN_DEVICE,
    os: os(system),
    client: app === undefined ? null : product(app),
    name: { program: app && label(app), system: system?.label },
  };
}

function browserDevice(
  program: Browser | undefined,
  system: OperatingSystem | undefined,
  webApp?: string,
): Device {
  if (program === undefined) {
    return { type: 'browser', family: 'unknown', os: os(system), client: null, name: { product: webApp } };
  }
  return {
    type: 'browser',
    family: program.family,
    os: os(system),
    client: product(program),
    name: { product: webApp, program: label(program), system: system?.label },
  };
}

function product({ name, version }: App): Product {
  return { name: name.toLowerCase(), version };
}

function label({ name, version }: App): string {
  return version === null ? name : `${name} ${version}`;
}

function os(system: OperatingSystem | undefined): Product | null {
  return system === undefined ? null : { name: system.name, version: system.version };
}

function browserIn(userAgent: string): Browser | undefined {
  const { name, major } = new UAParser(userAgent).getBrowser();
  const found = browser(name && displayText(name, LONGEST_NAME), major, userAgent);
  return found && { ...found, ...embeddingApp(found.name, userAgent) };
}

function systemIn({ userAgent, hints }: Agent): OperatingSystem | undefined {
  const { name, version } = new UAParser(userAgent).getOS();
  return hintedSystem(hints, operatingSystem(name && displayText(name, LONGEST_NAME), version, userAgent));
}

const LONGEST_NAME = 64;

function frozen(device: Device): Device {
  for (const part of [device.os, device.client, device.name]) Object.freeze(part);
  return Object.freeze(device);
}
