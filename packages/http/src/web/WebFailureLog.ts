import { LogThrottle } from "@peek/kit";
import type { Logger } from "@peek/plugin-base";
import type { WebFailure } from "@peek/web/protocol";
import type { SiteName } from "../site/SiteName.ts";

/** Who saw a failure, and where. */
export interface FailureFacts {
  /** The name of the user. */
  readonly user: string;
  readonly site: SiteName;
  /** The service of the site, when it is not this one. */
  readonly instance?: string;
}

const what: { readonly [Phase in WebFailure["phase"]]: string } = {
  import: "cannot be loaded",
  render: "failed to render",
  event: "failed",
  blocked: "blocked the page",
  leak: "did not release what it had taken",
};

/** How many lines a minute there are at most: browsers may report any version. */
const maxLines = 60;

/** Logs failures of web modules in browsers: one line a minute for each version of a plugin and each kind of failure. */
export class WebFailureLog {
  readonly #logger: Logger;
  readonly #throttle = new LogThrottle();
  readonly #total = new LogThrottle({ maxLines });

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Logs a failure. Its texts come from a browser. */
  write({ plugin, version, phase, message, stack, path }: WebFailure, { user, site, instance }: FailureFacts): void {
    const suppressed = this.#throttle.count(`${plugin} ${version} ${phase}`);
    if (suppressed === undefined || this.#total.count("") === undefined) return;
    this.#logger.error(
      {
        plugin,
        version,
        user,
        site,
        path,
        phase,
        ...(instance !== undefined && { instance }),
        ...(stack !== undefined && { stack }),
      },
      "The web module of %s %s %s for %s on the %s site: %s%s",
      plugin,
      oneLine(version),
      what[phase],
      oneLine(user),
      site,
      oneLine(message),
      suppressed,
    );
  }
}

function oneLine(text: string): string {
  return text.replace(/[\s\p{Cc}\p{Cf}]+/gu, " ").trim();
}
