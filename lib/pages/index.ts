export { accountPage, type AccountPageOptions } from './account/account-router';
export { adminPage, type AdminPageOptions } from './admin/admin-router';
export type { AdminPermission, IsGranted } from './admin/admin-parts';
export { limitChoicePage } from './limit-choice/limit-choice-router';
export { notMePage, type NotMePageOptions } from './not-me/not-me-router';
export type { OnNotMe, UnknownSignIn } from '../manager/not-me';
export { pageHeaders } from './page-response';
export type { PageOptions } from './page-options';
export { pageParts, type PageParts, type PagePartsOptions } from './page-parts';
export { noticeBox, problemBox } from './parts/notice';
export { html, type Content, type Html } from './parts/html';
export { plainLayout, type Layout, type PageContent, type PageShape, type PageWidth } from './parts/layout';
export type { LanguageOptions, Reader } from './messages/reader';
export type {
  AdminSort,
  DeviceKind,
  NoticeMessage,
  NoticeName,
  PageMessages,
  PluralMessage,
} from './messages/page-messages';
