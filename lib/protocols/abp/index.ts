export { abp } from './dialect';
export { abpRouter, type AbpRouterOptions } from './router';
export type { SessionDetailOptions } from './description';
export type { IsGranted } from './permission';
export {
  idlePolicy,
  idleSettingValues,
  setIdlePolicy,
  type IdlePolicy,
  type IdleSettingValues,
} from './idle-policy';
