import { betterAuth, betterAuthWithCookieCache } from './better-auth';
import { connectPgSimple } from './connect-pg-simple';
import { connectRedis } from './connect-redis';
import { cookieSession } from './cookie-session';
import { expressSessionInMemory } from './express-session';
import { guarded, guardedCold, guardedMany, guardedOpenXchange } from './identity-sessions';
import { control, plain, withCookieParser, withEmptyMiddleware } from './plain';
import { cachedFastJwt, fastJwt, joseEs256, joseHs256 } from './tokens';
import type { Variant } from './variant';

const allVariants: readonly Variant[] = [
  plain,
  control,
  withEmptyMiddleware,
  withCookieParser,
  guarded,
  guardedMany,
  guardedCold,
  guardedOpenXchange,
  cachedFastJwt,
  fastJwt,
  joseHs256,
  joseEs256,
  cookieSession,
  expressSessionInMemory,
  connectRedis,
  connectPgSimple,
  betterAuth,
  betterAuthWithCookieCache,
];

export const variants = allVariants.filter(({ needs }) => needs !== 'redis' || process.env['REDIS_URL']);

export function variantNamed(name: string): Variant {
  const variant = variants.find((each) => each.name === name);
  if (variant === undefined) throw new Error(`Unknown variant "${name}"`);
  return variant;
}
