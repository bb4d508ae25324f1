import { bare, control, withCookieParser } from './bare';
import { betterAuth, betterAuthWithCookieCache } from './better-auth';
import { connectPgSimple } from './connect-pg-simple';
import { connectRedis } from './connect-redis';
import { cookieSession } from './cookie-session';
import { expressSessionInMemory } from './express-session';
import { guarded, guardedCold, guardedOpenXchange } from './identity-sessions';
import type { Variant } from './variant';

const everything: readonly Variant[] = [
  bare,
  control,
  withCookieParser,
  guarded,
  guardedCold,
  guardedOpenXchange,
  cookieSession,
  expressSessionInMemory,
  connectRedis,
  connectPgSimple,
  betterAuth,
  betterAuthWithCookieCache,
];

export const variants = everything.filter(({ needs }) => needs !== 'redis' || process.env['REDIS_URL']);

export function variantNamed(name: string): Variant {
  const variant = variants.find((each) => each.name === name);
  if (variant === undefined) throw new Error(`There is no variant "${name}".`);
  return variant;
}
