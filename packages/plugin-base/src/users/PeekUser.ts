/** Who uses a browser or a device, as the field or office service knows it. */
export interface PeekUser {
  /** Stable, and never given to anybody else: the name of a user of Peek's own store, `device:<id>` for an anonymous one. */
  readonly id: string;
  /** For people. */
  readonly name: string;
  /** What the user belongs to; empty for an anonymous one. */
  readonly groups: readonly string[];
  /** Whether nobody has logged in: all that is known is the device. */
  readonly anonymous: boolean;
}
