/** What everything that has to be done at the end is given when the time for all of it is used up; milliseconds. */
const leastMs = 50;

/** The moment by which all plugins are to be stopped. */
export interface StopTime {
  /** What may be spent of `ms` until then; at least a moment, so that what takes none is still done. */
  within(ms: number): number;
  /** Whether it has come. */
  isUp(): boolean;
}

/** For what is stopped while the service runs on. */
export const never: StopTime = { within: (ms) => ms, isUp: () => false };

/** @param ms From now on; milliseconds. */
export function stopTime(ms: number): StopTime {
  const end = performance.now() + ms;
  return {
    within: (wanted) => Math.min(wanted, Math.max(leastMs, end - performance.now())),
    isUp: () => performance.now() >= end,
  };
}
