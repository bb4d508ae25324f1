export type { IdlePolicy } from '../../store/store';
export { abp } from './dialect';
export { abpRouter, type AbpRouterOptions } from './router';
export type { AppsDescription } from './description';
export type { IsGranted } from './permission';
