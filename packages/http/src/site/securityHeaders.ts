import type { FastifyHelmetOptions } from "@fastify/helmet";
import type { HttpSiteOptions } from "./HttpSiteOptions.ts";

/** Half a year. */
const hstsSeconds = 15_552_000;

const httpsPort = 443;

/**
 * The security headers: pages of plugins load only resources of the site, and no other origin may frame them.
 *
 * @param scriptSources Further sources of scripts, such as the hash of an inline one. Default: none.
 */
export function securityHeaders(
  { tls, port, allowedOrigins }: Pick<HttpSiteOptions, "tls" | "port" | "allowedOrigins">,
  scriptSources: readonly string[] = [],
): FastifyHelmetOptions {
  const hasTls = tls !== undefined;
  return {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        scriptSrc: ["'self'", ...scriptSources],
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
        frameAncestors: ["'self'"],
      },
    },
    // HSTS applies to all ports of the host: from another port than 443, it would block plain sites on the same host.
    strictTransportSecurity: hasTls && port === httpsPort ? { maxAge: hstsSeconds, includeSubDomains: false } : false,
    // Without TLS, browsers ignore it with a warning.
    crossOriginOpenerPolicy: hasTls ? { policy: "same-origin" } : false,
    originAgentCluster: hasTls,
    crossOriginEmbedderPolicy: false,
    referrerPolicy: { policy: "same-origin" },
    xFrameOptions: { action: "sameorigin" },
  };
}
