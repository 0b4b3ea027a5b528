export { Backoff } from "./Backoff.ts";
export { CancellableDelay } from "./CancellableDelay.ts";
export { Listeners } from "./Listeners.ts";
export { LogThrottle } from "./LogThrottle.ts";
export { Semaphore } from "./Semaphore.ts";
export { TaskGroup } from "./TaskGroup.ts";
export { WriteProgress } from "./WriteProgress.ts";
export { isThenable } from "./isThenable.ts";
