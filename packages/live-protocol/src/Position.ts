/**
 * Where a channel is: a version of its tuples. A channel is (observable, selector, scope). Logic gives each channel an epoch when it
 * creates it, a new one after each restart, and an offset that rises with each run of the provider. No clock is involved. A run
 * without changes gets a position only if an action waits for one.
 */
export interface Position {
  readonly epoch: string;
  readonly offset: number;
}

/** The position from which a browser or a gateway resumes a subscription: it has the tuples of this position already. */
export interface Resume extends Position {
  /** {@link digestOf} those tuples. If it equals the digest of the current tuples, they are not sent again. */
  readonly digest?: string;
}

/** A checked message's `at` as a {@link Resume}: a digest of `undefined` becomes an absent one. */
export function resumeOf(at: (Position & { readonly digest?: string | undefined }) | undefined): Resume | undefined {
  if (at === undefined) return undefined;
  const { epoch, offset, digest } = at;
  return digest === undefined ? { epoch, offset } : { epoch, offset, digest };
}

/** Whether two positions are equal; two absent ones are. */
export function isSamePosition(one: Position | undefined, other: Position | undefined): boolean {
  return one?.offset === other?.offset && one?.epoch === other?.epoch;
}

/** The position as a unique text, for maps. */
export function positionKey({ epoch, offset }: Position): string {
  return `${offset} ${epoch}`;
}
