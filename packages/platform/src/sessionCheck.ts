import type { ServiceConfig } from "@peek/config";
import { anonymousUser } from "@peek/http";
import type { UserDesk } from "@peek/http/users";
import type { Logger } from "@peek/plugin-base";
import type { SessionCheck } from "@peek/plugin-base/internal";

const devicePattern = /^device:([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})$/;
/** How often the same is said; milliseconds. */
const tellMs = 60_000;

const ended = { ok: false, code: "SESSION_ENDED", message: "The session has ended. Log in again." } as const;

/** Tells logic on whose behalf a field or office service acts: by the sessions that logic has made for that kind of site. */
export function sessionCheck(desk: UserDesk, { httpServer }: ServiceConfig, logger: Logger): SessionCheck {
  const toldAt = new Map<string, number>();
  const tell = (instance: string, site: "field" | "office"): void => {
    const now = performance.now();
    if (now - (toldAt.get(site) ?? -Infinity) < tellMs) return;
    toldAt.set(site, now);
    logger.warning(
      "%s has browsers without a login, which logic does not let see or do anything. If it should: peek config set logic httpServer.%s.anonymous true",
      instance,
      site,
    );
  };
  return (proof, { service, instance }) => {
    if (service !== "field" && service !== "office") return ended;
    const device = devicePattern.exec(proof)?.[1];
    if (device === undefined) {
      const known = desk.find(service, proof);
      return known === undefined ? ended : { ok: true, ...known };
    }
    if (httpServer[service].anonymous) return { ok: true, user: anonymousUser(device), device };
    tell(instance, service);
    const message = `Logic lets nobody in by way of ${service} who has not logged in. See httpServer.${service}.anonymous of its configuration.`;
    return { ok: false, code: "FORBIDDEN", message };
  };
}
