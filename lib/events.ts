/** What a manager tells the app of, beside its answers. Secrets are never in it. */
export type SessionEvent = {
  /** Work in the background failed. It is tried again by itself; requests are answered all the same, or refused. */
  readonly type: 'failed';
  /** `touches`: last-accessed times could not be written. `changes`: the log of changes could not be read. */
  readonly task: 'touches' | 'changes';
  readonly error: unknown;
};

/** Where events go. What it throws is ignored. */
export type Report = (event: SessionEvent) => void;
