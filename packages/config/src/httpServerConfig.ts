import { z } from "zod";
import { dataExchangeSiteSchema } from "./exchangeConfig.ts";

const origin = z
  .url({ protocol: /^https?$/, error: 'an origin such as "https://peek.example"' })
  .max(300)
  .refine((text) => URL.parse(text)?.origin === text, {
    error: 'an origin without a path: "https://peek.example"',
  });

const hostName = z
  .string()
  .max(253)
  .regex(/^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*$/i, {
    error: 'a host name such as "peek.example", without scheme and port',
  });

/** The fields that all sites share, made once: each schema takes time and memory at the start of a service. */
const siteFields = {
  host: z
    .string()
    .min(1)
    .max(255)
    .default("127.0.0.1")
    .describe('The address to listen on; "0.0.0.0" allows browsers on other machines.'),
  useSsl: z.boolean().default(false).describe("Whether connections are encrypted with TLS."),
  sslBundleFilePath: z
    .string()
    .min(1)
    .max(4096)
    .optional()
    .describe(
      "A PEM file with the certificate, its intermediate certificates and the private key; relative to the home, or absolute.",
    ),
  anonymous: z
    .boolean()
    .default(false)
    .describe(
      "Whether browsers are admitted without a login, identified only by their device: anyone who reaches the site on the network can use it. Otherwise users log in: see peek user. Set it for logic too, which otherwise refuses anonymous browsers of field or office.",
    ),
  allowedOrigins: z
    .array(origin)
    .max(100)
    .default([])
    .describe(
      "The origins, beside its own, whose pages may use this site, such as the origin of a proxy in front of it; as browsers write them. Pages of this site may open WebSockets to them.",
    ),
  allowedHosts: z
    .array(hostName)
    .max(100)
    .default([])
    .describe(
      "The host names of this site, without scheme and port: requests for other hosts are refused with 421. Addresses, localhost, the machine's own name and the hosts of allowedOrigins are always allowed. Empty: the host is checked only for requests over 127.0.0.1, and, with anonymous and without useSsl, for all; behind a trusted proxy it is not checked.",
    ),
  frameOrigins: z
    .array(origin)
    .max(100)
    .default([])
    .describe(
      "The origins, beside its own, whose pages may show this site in a frame. Browsers send the session to frames on the same domain only.",
    ),
  trustedTypes: z
    .boolean()
    .default(true)
    .describe(
      "Whether the app refuses texts as HTML, in browsers with Trusted Types: against scripts that data brings in. A plugin whose libraries make HTML from texts needs false, or a policy of its own.",
    ),
  trustProxy: z
    .boolean()
    .default(false)
    .describe(
      "Whether to trust X-Forwarded-For, -Proto and -Host of a proxy in front of the site. Only where browsers cannot bypass the proxy.",
    ),
};

function siteSchema(port: number) {
  const { host, ...others } = siteFields;
  const sitePort = z.int().min(0).max(65_535).default(port).describe("The port to listen on; 0 chooses a free one.");
  return z
    .strictObject({ host, sitePort, ...others })
    .refine((site) => !site.useSsl || site.sslBundleFilePath !== undefined, {
      error: "a PEM file with certificate and private key, which useSsl needs: set this first",
      path: ["sslBundleFilePath"],
    });
}

/** `httpServer`: the addresses on which a service listens. */
export const httpServerSchema = z.strictObject({
  admin: siteSchema(8010).prefault({}).describe("The admin site of logic."),
  field: siteSchema(8000).prefault({}).describe("The site of the field service."),
  office: siteSchema(8002).prefault({}).describe("The site of the office service."),
  dataExchange: dataExchangeSiteSchema
    .prefault({})
    .describe("Where logic accepts the connections of the other services."),
});
