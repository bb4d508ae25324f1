export { trackExpressSession, type TrackOptions } from './track';
export type { TrackedUser, UserOf } from './tracker';
