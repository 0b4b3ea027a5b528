import type { LoadedConfig } from "@peek/config";
import type { Logger } from "@peek/plugin-base";

/** Logs what loading config.json changed, and the mistakes that it tolerated. */
export function logConfig(
  { file, created, filledIn, unknownKeys, notSaved }: LoadedConfig,
  development: boolean,
  logger: Logger,
): void {
  if (created) logger.info("Made %s %s", file, development ? "for development" : "with defaults");
  if (filledIn.length > 0) logger.info("Added the defaults of %s to %s", filledIn.join(", "), file);
  for (const { path, nearest } of unknownKeys) {
    const hint = nearest === undefined ? "" : `; did you mean ${nearest}?`;
    logger.warning("%s has an unknown key %s, which is kept%s", file, path, hint);
  }
  if (notSaved !== undefined) logger.warning(notSaved.message);
}
