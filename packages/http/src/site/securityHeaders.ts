import type { FastifyHelmetOptions } from "@fastify/helmet";
import type { HttpSiteOptions } from "./HttpSiteOptions.ts";

/** Half a year. */
const hstsSeconds = 15_552_000;

const httpsPort = 443;

type SecurityOptions = Pick<HttpSiteOptions, "tls" | "port" | "allowedOrigins" | "frameOrigins" | "trustedTypes">;

/**
 * The security headers: pages of plugins load only resources of the site, and only the allowed origins may frame them.
 *
 * @param app For the page of the app: the source of its inline script. Default: another page.
 */
export function securityHeaders(
  options: SecurityOptions,
  app?: { readonly scriptSource: string },
): FastifyHelmetOptions {
  const { tls, port, allowedOrigins, frameOrigins = [], trustedTypes = true } = options;
  const hasTls = tls !== undefined;
  return {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        scriptSrc: app === undefined ? ["'self'"] : ["'self'", app.scriptSource],
        ...(app !== undefined && trustedTypes && { requireTrustedTypesFor: ["'script'"] }),
        // Libraries for pages insert style elements.
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", "data:", "blob:"],
        fontSrc: ["'self'", "data:"],
        // 'self' includes WebSockets to the site.
        connectSrc: ["'self'", ...allowedOrigins.map((origin) => origin.replace(/^http/, "ws"))],
        workerSrc: ["'self'", "blob:"],
        objectSrc: ["'none'"],
        baseUri: ["'self'"],
        formAction: ["'self'"],
        frameAncestors: ["'self'", ...frameOrigins],
      },
    },
    // HSTS applies to all ports of the host: from another port than 443, it would block plain sites on the same host.
    strictTransportSecurity: hasTls && port === httpsPort ? { maxAge: hstsSeconds, includeSubDomains: false } : false,
    // Without TLS, browsers ignore it with a warning.
    crossOriginOpenerPolicy: hasTls ? { policy: "same-origin" } : false,
    originAgentCluster: hasTls,
    crossOriginEmbedderPolicy: false,
    referrerPolicy: { policy: "same-origin" },
    // It cannot name origins; browsers that know frame-ancestors ignore it.
    xFrameOptions: frameOrigins.length > 0 ? false : { action: "sameorigin" },
  };
}
