/** Something that code has taken and has to give back. */
export interface TakenResource {
  /** `an interval`, `a listener for "resize" on window` */
  readonly what: string;
  /** The stack trace of the call that has taken it. */
  readonly stack: string;
}

/** Receives what was taken, and what was given back. */
export interface ResourceOwner {
  /** @returns The key of the resource; undefined if nobody watches it. */
  take(resource: TakenResource): object | undefined;
  release(key: object): void;
}
