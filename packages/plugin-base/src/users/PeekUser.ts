/** The user of a browser or device. */
export interface PeekUser {
  /**
   * Stable, and never used for another user: the user's data refers to it. In Peek's own store a UUID, or the name for a user who was
   * created before UUIDs were used; `device:<id>` for an anonymous user.
   */
  readonly id: string;
  /** The name for people. It may change, and later belong to another user. */
  readonly name: string;
  /** The groups of the user; empty for an anonymous user. */
  readonly groups: readonly string[];
  /** Whether the user has not logged in: only the device is known. */
  readonly anonymous: boolean;
}
