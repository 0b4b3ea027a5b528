import { archiveErrors } from "./archiveErrors.ts";
import { httpErrors } from "./httpErrors.ts";
import { liveErrors } from "./liveErrors.ts";
import { pluginErrors } from "./pluginErrors.ts";
import { serviceErrors } from "./serviceErrors.ts";
import { storageErrors } from "./storageErrors.ts";
import { taskErrors } from "./taskErrors.ts";
import { webErrors } from "./webErrors.ts";
import { vortexErrors } from "./vortexErrors.ts";

/**
 * Every code that Peek's own errors carry. A released code keeps its meaning for ever: a retired one is never used again
 * for something else.
 */
export const errorCatalogue = {
  ...serviceErrors,
  ...pluginErrors,
  ...archiveErrors,
  ...storageErrors,
  ...vortexErrors,
  ...liveErrors,
  ...httpErrors,
  ...webErrors,
  ...taskErrors,
} as const;

/** A key of {@link errorCatalogue}. */
export type PeekErrorCode = keyof typeof errorCatalogue;
