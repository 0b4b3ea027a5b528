import type { FastifyHelmetOptions } from "@fastify/helmet";
import type { HttpSiteOptions } from "./HttpSiteOptions.ts";

/** Half a year; seconds. */
const hstsSeconds = 15_552_000;

const httpsPort = 443;

/** What browsers are told to keep from: what pages of plugins load is the site's own, and nobody else frames them. */
export function securityHeaders({
  tls,
  port,
  allowedOrigins,
}: Pick<HttpSiteOptions, "tls" | "port" | "allowedOrigins">): FastifyHelmetOptions {
  const hasTls = tls !== undefined;
  return {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        scriptSrc: ["'self'"],
        // Libraries for pages put style elements in.
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", "data:", "blob:"],
        fontSrc: ["'self'", "data:"],
        // WebSockets to the site itself are among it.
        connectSrc: ["'self'", ...allowedOrigins.map((origin) => origin.replace(/^http/, "ws"))],
        workerSrc: ["'self'", "blob:"],
        objectSrc: ["'none'"],
        baseUri: ["'self'"],
        formAction: ["'self'"],
        frameAncestors: ["'self'"],
      },
    },
    // It is for all ports of the host: at any other than its own, it would keep browsers off plain sites beside.
    strictTransportSecurity: hasTls && port === httpsPort ? { maxAge: hstsSeconds, includeSubDomains: false } : false,
    // Without TLS browsers do not heed it, and complain.
    crossOriginOpenerPolicy: hasTls ? { policy: "same-origin" } : false,
    originAgentCluster: hasTls,
    crossOriginEmbedderPolicy: false,
    referrerPolicy: { policy: "same-origin" },
    xFrameOptions: { action: "sameorigin" },
  };
}
