import type { Policy, PolicyPatch } from '../../store/store';
import { CONCURRENCY, type PreventConcurrentLogin } from '../../session/revocation';
import { fieldValue } from '../form-fields';
import type { Reader } from '../messages/reader';
import { html, type Html } from '../parts/html';

const MINUTE = 60_000;

/** Returns the form with the settings that apply to all users. */
export function policyForm(policy: Policy, action: string, reader: Reader): Html {
  const { admin } = reader.texts;
  const rule = policy.preventConcurrentLogin;
  const option = (value: string, label: string, selected: boolean) =>
    html`<option value="${value}" ${selected && html`selected`}>${label}</option>`;
  return html`<form class="eis-card eis-fields" method="post" action="${action}">
    <p class="eis-quiet">${admin.policyIntroduction}</p>
    <label for="eis-rule">${admin.concurrentLogins}</label>
    <select id="eis-rule" name="rule">
      ${option('', admin.byOptions, rule === undefined)}
      ${CONCURRENCY.map((each) => option(each, admin.concurrent[each], each === rule))}
    </select>
    <label for="eis-idle">${admin.idleTimeout}</label>
    <input
      id="eis-idle"
      name="idle"
      inputmode="decimal"
      value="${policy.idleTimeout && policy.idleTimeout / MINUTE}"
      aria-describedby="eis-idle-hint"
    />
    <p class="eis-quiet" id="eis-idle-hint">${admin.idleTimeoutHint}</p>
    <button class="eis-button eis-primary">${admin.savePolicy}</button>
  </form>`;
}

/** Returns the change of the policy that the form contains. The administration checks the values. */
export function policyIn(request: Parameters<typeof fieldValue>[0]): PolicyPatch {
  const rule = fieldValue(request, 'rule')?.trim();
  const idle = fieldValue(request, 'idle')?.trim().replace(',', '.');
  return {
    ...(rule !== undefined && { preventConcurrentLogin: (rule || null) as PreventConcurrentLogin | null }),
    ...(idle !== undefined && { idleTimeout: idle === '' ? null : Math.round(Number(idle) * MINUTE) }),
  };
}
