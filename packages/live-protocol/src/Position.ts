/**
 * How far a channel has come. A channel is (observable, selector, scope); logic gives each an epoch when it makes it, anew after
 * a restart, and an offset that rises with each run of the provider, never by a clock. A run that changed nothing has no
 * position of its own, unless somebody waits for it.
 */
export interface Position {
  readonly epoch: string;
  readonly offset: number;
}
