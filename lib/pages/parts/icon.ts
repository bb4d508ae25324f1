import type { DeviceKind } from '../messages/page-messages';
import { html, type Html } from './html';

/** Returns the icon of a kind of device. Its name is read to people who do not see it. */
export function icon(kind: DeviceKind, name: string): Html {
  return html`<svg class="eis-icon" role="img" aria-label="${name}"><use href="#eis-${kind}" /></svg>`;
}

/** Returns the drawings of all icons. A page contains them once, so that a long list stays small. */
export function iconDrawings(): Html {
  const symbols = Object.entries(DRAWINGS).map(
    ([kind, drawing]) => html`<symbol id="eis-${kind}" viewBox="0 0 24 24">${drawing}</symbol>`,
  );
  return html`<svg class="eis-hidden" aria-hidden="true" width="0" height="0">${symbols}</svg>`;
}

const DRAWINGS: Readonly<Record<DeviceKind, Html>> = {
  computer: html`<rect x="4" y="5" width="16" height="11" rx="1.5" /><path d="M2 19.5h20" />`,
  phone: html`<rect x="7" y="2.5" width="10" height="19" rx="2.5" /><path d="M11 18.5h2" />`,
  tablet: html`<rect x="4.5" y="2.5" width="15" height="19" rx="2" /><path d="M10.5 18.5h3" />`,
  app: html`<rect x="3.5" y="3.5" width="7" height="7" rx="1.5" /><rect
      x="13.5"
      y="3.5"
      width="7"
      height="7"
      rx="1.5"
    /><rect x="3.5" y="13.5" width="7" height="7" rx="1.5" /><rect
      x="13.5"
      y="13.5"
      width="7"
      height="7"
      rx="1.5"
    />`,
  mail: html`<rect x="3" y="5" width="18" height="14" rx="2" /><path d="m3.5 7 8.5 6 8.5-6" />`,
  calendar: html`<rect x="3.5" y="5" width="17" height="15.5" rx="2" /><path
      d="M3.5 10h17M8 2.5V6m8-3.5V6"
    />`,
  unknown: html`<circle cx="12" cy="12" r="9" />
    <path d="M9.5 9.5a2.5 2.5 0 1 1 3.5 2.3c-.7.3-1 .8-1 1.7M12 16.6v.1" />`,
  program: html`<rect x="3" y="4" width="18" height="16" rx="2" /><path d="m7 9 3 3-3 3m6 0h4" />`,
};
