import { CONCURRENCY, type PreventConcurrentLogin } from '../../session/revocation';
import { SESSION_LIMITS } from '../../session/sign-in-rules';
import type { Policy, PolicyPatch } from '../../store/store';
import { fieldValue } from '../form-fields';
import type { Reader } from '../messages/reader';
import { html, type Html } from '../parts/html';

const MINUTE = 60_000;

/** Returns the form with the settings that apply to all users. */
export function policyForm(policy: Policy, action: string, reader: Reader): Html {
  const { admin } = reader.texts;
  return html`<form class="eis-card eis-fields" method="post" action="${action}">
    <p class="eis-quiet">${admin.policyIntroduction}</p>
    ${concurrencyField(policy, reader)} ${limitFields(policy, reader)}
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

function concurrencyField({ preventConcurrentLogin: rule }: Policy, { texts: { admin } }: Reader): Html {
  const option = (value: string, label: string, selected: boolean) =>
    html`<option value="${value}" ${selected && html`selected`}>${label}</option>`;
  return html`<label for="eis-rule">${admin.concurrentLogins}</label>
    <select id="eis-rule" name="rule">
      ${option('', admin.byOptions, rule === undefined)}
      ${CONCURRENCY.map((each) => option(each, admin.concurrent[each], each === rule))}
    </select>`;
}

/** In the form, 0 means that there is no limit, whatever the options say. */
function limitFields(policy: Policy, { texts: { admin } }: Reader): Html {
  const fields = SESSION_LIMITS.map((name) => {
    const max = policy[name];
    return html`<label for="eis-${name}">${admin.limits[name]}</label>
      <input
        id="eis-${name}"
        name="${name}"
        inputmode="numeric"
        value="${max === Infinity ? '0' : max}"
        aria-describedby="eis-limits-hint"
      />`;
  });
  return html`${fields}
    <p class="eis-quiet" id="eis-limits-hint">${admin.limitsHint}</p>`;
}

/** Returns the change of the policy that the form contains. The administration checks the values. */
export function policyIn(request: Parameters<typeof fieldValue>[0]): PolicyPatch {
  const rule = fieldValue(request, 'rule')?.trim();
  const idle = fieldValue(request, 'idle')?.trim().replace(',', '.');
  const limits = SESSION_LIMITS.flatMap((name) => {
    const max = fieldValue(request, name)?.trim();
    return max === undefined ? [] : [[name, limitIn(max)]];
  });
  return {
    ...(rule !== undefined && { preventConcurrentLogin: (rule || null) as PreventConcurrentLogin | null }),
    ...(Object.fromEntries(limits) as PolicyPatch),
    ...(idle !== undefined && { idleTimeout: idle === '' ? null : Math.round(Number(idle) * MINUTE) }),
  };
}

function limitIn(text: string): number | null {
  if (text === '') return null;
  return text === '0' ? Infinity : Number(text);
}
