import type { Device } from '../../../lib';
import { html, type Html } from './html';

/** Returns an icon for the kind of device. Screen readers skip it, because the name of the device stands beside it. */
export function deviceIcon({ type, os }: Device): Html {
  return html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">${shape(type, os?.name)}</svg>`;
}

function shape(type: Device['type'], os: string | undefined): Html {
  if (type === 'other') return terminal;
  return os === 'android' || os === 'ios' ? phone : computer;
}

const computer = html`<rect x="4" y="5" width="16" height="11" rx="1.5" /> <path d="M2 19h20" />`;

const phone = html`<rect x="7" y="3" width="10" height="18" rx="2" /> <path d="M11 18h2" />`;

const terminal = html`<rect x="3" y="4" width="18" height="16" rx="2" /> <path d="m7 9 3 3-3 3m6 0h4" />`;
