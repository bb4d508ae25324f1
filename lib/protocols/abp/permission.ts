import type { Request } from 'express';

/** ABP's name of the permission to see and end the sessions of all users, and to change the settings. */
export const PERMISSION = 'AbpIdentity.Sessions';

/**
 * The app's function that decides if the request's user has a permission. The user's session is `request.identitySession`.
 * Only the result `true` grants the permission.
 */
export type IsGranted = (permission: typeof PERMISSION, request: Request) => boolean | Promise<boolean>;
