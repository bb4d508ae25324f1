import { MOST_EARLIER, MOST_GIVEN_AGAIN, type SecretChange } from '../../session/secret-rotation';
import { inBucket } from './buckets';
import { notEnded } from './epochs';
import { hexadecimal, time } from './rows';
import type { Tables } from './tables';

/** The changes of a secret: the same rules in SQL as `changedSecret` in `session/secret-rotation`. $1 is the id, $2 the hash. */
export function secretStatements(tables: Tables) {
  const change = (bucket: string, set: string, when = 'true') => `
    update ${tables.sessions} s set ${set}
    where session_id = $1${inBucket(tables, bucket)} and secret_hash = decode($2, 'hex') and ${notEnded(tables)} and ${when} returning session_id`;
  const issued = `secret_hash = decode($3, 'hex'), secret_issued_at = ${time('$4')}, secret_given_again = null, secret_confirmed_at = null`;
  return {
    rotateSecret: change(
      '$7',
      `${issued}, secret_salt = decode($5, 'hex'), earlier_secret_hashes = secret_hash, earlier_assurance = null`,
      `(not ${OPEN} or secret_issued_at <= ${time('$6')})`,
    ),

    replaceSecret: change(
      '$6',
      `${issued}, secret_salt = null,
       earlier_secret_hashes =
         substring(secret_hash || case when ${OPEN} then earlier_secret_hashes else '' end for ${MOST_EARLIER * 32}),
       earlier_assurance = coalesce(case when ${OPEN} then earlier_assurance end, $5::jsonb)`,
    ),

    confirmSecret: change(
      '$5',
      `secret_confirmed_at = ${time('$3')}, secret_salt = null, earlier_assurance = null`,
      `${OPEN} and secret_issued_at <= ${time('$4')}`,
    ),

    giveSecretAgain: change(
      '$4',
      `secret_issued_at = greatest(secret_issued_at, ${time('$3')}), secret_given_again = coalesce(secret_given_again, 0) + 1`,
      `${OPEN} and coalesce(secret_given_again, 0) < ${MOST_GIVEN_AGAIN}`,
    ),
  };
}

/** The condition that the session rotated, and that no client is known to have stored the current secret. */
const OPEN = '(earlier_secret_hashes is not null and secret_confirmed_at is null)';

/** Returns the statement of a change, and its values after the id. */
export function secretChange(change: SecretChange): {
  readonly statement: keyof ReturnType<typeof secretStatements>;
  readonly values: readonly unknown[];
} {
  const { type, at } = change;
  const from = hexadecimal(change.from);
  switch (type) {
    case 'rotate':
      return {
        statement: 'rotateSecret',
        values: [from, hexadecimal(change.to), at, change.salt, change.issuedBefore],
      };
    case 'replace': {
      const assurance = JSON.stringify(change.earlierAssurance);
      return { statement: 'replaceSecret', values: [from, hexadecimal(change.to), at, assurance] };
    }
    case 'confirm':
      return { statement: 'confirmSecret', values: [from, at, change.issuedBefore] };
    case 'give-again':
      return { statement: 'giveSecretAgain', values: [from, at] };
  }
}
