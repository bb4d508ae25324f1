export { abp } from './dialect';
export { abpRouter, type AbpRouterOptions } from './router';
export type { AppsDescription } from './description';
export type { IsGranted } from './permission';
export { idlePolicy, setIdlePolicy, type IdlePolicy } from './idle-policy';
