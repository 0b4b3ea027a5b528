const KiB = 1024;
const MiB = 1024 * KiB;

/** How much of one kind may be kept of somebody's actions in one plugin. */
interface LaneBounds {
  /** Queues: each page that keeps its actions on its device has one. */
  readonly clients: number;
  readonly lanes: number;
}

/** Of one user on one device. */
export const deviceBounds: LaneBounds = { clients: 500, lanes: 5000 };
/** Of one user on all devices. */
export const userBounds: LaneBounds = { clients: 2000, lanes: 20_000 };
/** So many times as much as of a user is kept of all users together that are not logged in. */
export const anonymousFactor = 10;

/**
 * How long a lane has to be without an action before it is forgotten for others: until then, its device may send an action
 * again whose answer it did not get.
 */
export const idleSql = "interval '1 day'";

/** Of one lane; its last outcome is always kept. */
export const mostOutcomes = 1000;
export const mostLaneBytes = 8 * MiB;
/** Of all outcomes of a user in a plugin. */
export const mostUserBytes = 64 * MiB;

/** Dead letters of a user in a plugin, and of all users. */
export const userLetters = { count: 200, bytes: 4 * MiB } as const;
export const pluginLetters = { count: 10_000, bytes: 256 * MiB } as const;
