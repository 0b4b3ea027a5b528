const KiB = 1024;
const MiB = 1024 * KiB;

/** The maximum numbers of clients and lanes of one owner in one plugin. */
interface LaneQuota {
  /** Each page that stores its actions on its device is a client. */
  readonly clients: number;
  readonly lanes: number;
}

/** The quota of one user on one device. */
export const deviceQuota: LaneQuota = { clients: 500, lanes: 5000 };
/** The quota of one user on all devices. */
export const userQuota: LaneQuota = { clients: 2000, lanes: 20_000 };
/** The quotas of all anonymous users together are those of one user times this factor. */
export const anonymousFactor = 10;

/**
 * A lane may be evicted only after this time without an action: until then, its device may repeat an action whose answer
 * it did not receive.
 */
export const evictableAfterSql = "interval '1 day'";

/** The limits of one lane; its last outcome is always kept. */
export const maxOutcomesPerLane = 1000;
export const maxLaneBytes = 8 * MiB;
/** The limit of all outcomes of a user in a plugin. */
export const maxUserBytes = 64 * MiB;

/** The quotas of dead letters in a plugin: of one user, and of all users. */
export const userLetterQuota = { count: 200, bytes: 4 * MiB } as const;
export const pluginLetterQuota = { count: 10_000, bytes: 256 * MiB } as const;
