/** A phase of a plugin's life, as far as its calls go. */
export interface CallScope {
  /** The plugin's name. */
  readonly plugin: string;
  /** Whether it is over, so that its calls have been given up. */
  readonly isOver: boolean;
}

/**
 * The present phase of a plugin.
 *
 * @throws PeekError `VORTEX_CLOSED` when the last one is over.
 */
export type CallScopeSource = () => CallScope;
