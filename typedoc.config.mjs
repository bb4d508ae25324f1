// Configuration of `npm run docs`. The entry points are those in package.json.
import { readFileSync } from 'node:fs';

const { exports } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));

/** @type {Partial<import('typedoc').TypeDocOptions>} */
export default {
  name: 'express-identity-sessions',
  entryPoints: Object.values(exports)
    .filter((entry) => typeof entry === 'object')
    .map(({ types }) => types.replace('./dist/', '').replace(/\.d\.ts$/, '.ts')),
  tsconfig: 'tsconfig.build.json',
  out: 'api',
  readme: 'README.md',
  projectDocuments: ['docs/*.md'],
  disableSources: true,
  highlightLanguages: ['bash', 'diff', 'http', 'javascript', 'json', 'nginx', 'sql', 'typescript'],
  excludeInternal: true,
  excludePrivate: true,
  validation: {
    invalidLink: true,
    invalidPath: true,
    notDocumented: true,
    notExported: true,
    rewrittenLink: true,
  },
  // Lists of constants, whose values are those of a documented type, and a step in the computation of a type.
  intentionallyNotExported: [
    'lib/options/reader.ts:RowValue',
    'lib/session/end-reason.ts:END_REASONS',
    'lib/session/ip-address.ts:KEPT_ADDRESSES',
    'lib/session/ip-check.ts:MODES',
    'lib/session/revocation.ts:CONCURRENCY',
    'lib/session/session.ts:REFERENCE_FIELDS',
    'lib/session/trail-entry.ts:TRAIL_EVENTS',
    'lib/store/store.ts:SEARCH_STATES',
    'lib/protocols/open-xchange/errors.ts:ERRORS',
    'lib/protocols/abp/permission.ts:PERMISSION',
    // The app's user, which the types of Passport export.
    'lib/passport/app-users.ts:__global.Express.User',
  ],
  // Members of other packages, which document them.
  intentionallyNotDocumented: [
    'index.WebSocketLike.close',
    'index.WebSocketLike.terminate',
    'index.WebSocketLike.once',
    'index.WebSocketLike.removeAllListeners',
    'index.WebSocketServerLike.handleUpgrade',
    'index.WebSocketServerLike.emit',
    'index.SocketIoSocketLike.conn.__type.close',
    'index.SocketIoSocketLike.conn.__type.once',
    'index.SocketIoSocketLike.disconnect',
    'index.SocketIoSocketLike.once',
    'passport.PassportLike.use',
    'passport.PassportLike.serializeUser',
    'passport.PassportLike.deserializeUser',
    'changes/redis.RedisClient.publish',
    'changes/redis.RedisClient.duplicate',
    'changes/redis.RedisClient.on',
    'changes/redis.RedisClient.off',
    'location/maxmind.MaxmindReader.get',
    'metrics.PromClient.Counter.__type.__type.reset',
    'metrics.PromClient.Counter.__type.__type.inc',
    'metrics.PromClient.Gauge.__type.__type.reset',
    'metrics.PromClient.Gauge.__type.__type.remove',
    'metrics.PromClient.Gauge.__type.__type.set',
    'metrics.PromClient.Histogram.__type.__type.observe',
    'metrics.PromRegistry.getSingleMetric',
    'metrics.ObservableInstrument.addCallback',
    'metrics.ObservableResult.observe',
    'metrics.TelemetryMeter.createHistogram',
    'metrics.TelemetryMeter.createHistogram.__type.record',
    'metrics.TelemetryMeter.createObservableCounter',
    'metrics.TelemetryMeter.createObservableGauge',
    'metrics.PromConfiguration.collect',
  ],
  requiredToBeDocumented: ['Class', 'Enum', 'Function', 'Interface', 'TypeAlias', 'Variable'],
};
