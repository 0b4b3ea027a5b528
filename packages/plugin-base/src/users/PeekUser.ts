/** Who uses a browser or a device, as the field or office service knows it. */
export interface PeekUser {
  /**
   * Stable, and never given to anybody else: what is the user's hangs on it. Of Peek's own store a UUID, or the name of a user who
   * was made before there were any; `device:<id>` for an anonymous one.
   */
  readonly id: string;
  /** For people. It may change, and whoever had it is not whoever has it. */
  readonly name: string;
  /** What the user belongs to; empty for an anonymous one. */
  readonly groups: readonly string[];
  /** Whether nobody has logged in: all that is known is the device. */
  readonly anonymous: boolean;
}
