export type {
  AdministeredStore,
  Admission,
  Crowded,
  End,
  Ending,
  Hibernated,
  Kept,
  ListPage,
  Lowering,
  MaybePromise,
  Policy,
  PolicyPatch,
  ProtocolSettings,
  Raised,
  Retained,
  Scope,
  Search,
  SearchFilter,
  SearchState,
  SessionPatch,
  SessionStore,
  Touch,
  TouchResult,
} from './store';
export { ForwardingStore } from './forwarding';
export { authIdTaken, limitReached, sessionIdTaken } from './store';
export type { ChangesHealth, CleanupHealth, HintHealth } from '../health';
export type { Cutoffs, Lifetimes } from '../session/lifetimes';
export type { Lowered } from '../session/assurance';
export type { SearchOrder, SortKey } from '../session/order';
export type { PagePosition } from '../session/page-position';
export type { SecretChange, SecretState } from '../session/secret-rotation';
export type { StoredSession, Use } from '../session/session';
export type { SessionLimit } from '../session/sign-in-rules';
