export { migrationConfig, migrationDirectory, type MigrateOptions } from './config';
export { migrationKnexfile } from './knexfile';
export { migrate, type MigrateConnectionOptions } from './migrate';
export { partitionSessions, type PartitionedSessions, type PartitionOptions } from './partition-sessions';
export { migration, type Migration, type MigrationName, type MigrationOptions } from './migration';
