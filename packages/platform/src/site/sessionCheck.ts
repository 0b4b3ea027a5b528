import type { ServiceConfig } from "@peek/config";
import { anonymousUser } from "@peek/http";
import type { UserAuthenticator } from "@peek/http/users";
import { LogThrottle } from "@peek/kit";
import type { Logger } from "@peek/plugin-base";
import type { SessionCheck } from "@peek/plugin-base/internal";

const devicePattern = /^device:([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})$/;
const ended = { ok: false, code: "SESSION_ENDED", message: "The session has ended. Log in again." } as const;

/** On logic, checks on whose behalf a field or office service acts: by the sessions that logic created for that kind of site. */
export function sessionCheck(
  authenticator: UserAuthenticator,
  { httpServer }: ServiceConfig,
  logger: Logger,
): SessionCheck {
  const throttle = new LogThrottle();
  const warn = (instance: string, site: "field" | "office"): void => {
    const more = throttle.count(site);
    if (more === undefined) return;
    logger.warning(
      "%s has browsers without a login, which logic refuses. To allow them: peek config set logic httpServer.%s.anonymous true%s",
      instance,
      site,
      more,
    );
  };
  return (proof, { service, instance }) => {
    if (service !== "field" && service !== "office") return ended;
    const device = devicePattern.exec(proof)?.[1];
    if (device === undefined) {
      const known = authenticator.find(service, proof);
      return known === undefined ? ended : { ok: true, ...known };
    }
    if (httpServer[service].anonymous) return { ok: true, user: anonymousUser(device), device };
    warn(instance, service);
    const message = `Logic refuses browsers of ${service} without a login. See httpServer.${service}.anonymous in the configuration of logic.`;
    return { ok: false, code: "FORBIDDEN", message };
  };
}
