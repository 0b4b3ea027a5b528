import { z } from "zod";
import { dataExchangeSiteSchema } from "./exchangeConfig.ts";

const origin = z
  .url({ protocol: /^https?$/, error: 'an origin such as "https://peek.example"' })
  .max(300)
  .refine((text) => URL.parse(text)?.origin === text, {
    error: 'an origin and nothing after it: "https://peek.example"',
  });

const hostName = z
  .string()
  .max(253)
  .regex(/^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*$/i, {
    error: 'a host name such as "peek.example", without scheme and port',
  });

function siteSchema(sitePort: number) {
  return z
    .strictObject({
      host: z
        .string()
        .min(1)
        .max(255)
        .default("127.0.0.1")
        .describe('The address that is listened on; "0.0.0.0" lets browsers on other machines in.'),
      sitePort: z
        .int()
        .min(0)
        .max(65_535)
        .default(sitePort)
        .describe("The port that is listened on; 0 takes any that is free."),
      useSsl: z.boolean().default(false).describe("Whether connections are encrypted with TLS."),
      sslBundleFilePath: z
        .string()
        .min(1)
        .max(4096)
        .optional()
        .describe(
          "A PEM file with the certificate, those that lead to its authority, and the private key; relative to the home, or absolute.",
        ),
      anonymous: z
        .boolean()
        .default(false)
        .describe(
          "Whether browsers are let in without a login, each known by its device alone: where others on the network reach the site, it is open to whoever does. Otherwise users log in: see peek user. Set it for logic too, which shows such browsers of field or office nothing otherwise.",
        ),
      allowedOrigins: z
        .array(origin)
        .max(100)
        .default([])
        .describe(
          "The origins of pages that may use this site besides its own, such as that of a proxy in front of it; each as browsers name it. Pages of this site may open WebSockets to them.",
        ),
      allowedHosts: z
        .array(hostName)
        .max(100)
        .default([])
        .describe(
          "The host names of this site, without scheme and port: requests for others are refused with 421. Addresses, localhost, the machine's own name and the hosts of allowedOrigins are always among them. Empty: names are checked only of what comes over 127.0.0.1, and, with anonymous and without useSsl, of all; behind a proxy that is trusted they are not.",
        ),
      trustProxy: z
        .boolean()
        .default(false)
        .describe(
          "Whether a proxy in front of it is believed what it says in X-Forwarded-For, -Proto and -Host. Only where no browser gets past the proxy.",
        ),
    })
    .refine((site) => !site.useSsl || site.sslBundleFilePath !== undefined, {
      error: "a PEM file with certificate and private key, which useSsl needs: set this first",
      path: ["sslBundleFilePath"],
    });
}

/** `httpServer`: where a service listens. */
export const httpServerSchema = z.strictObject({
  admin: siteSchema(8010).prefault({}).describe("The admin site of logic."),
  field: siteSchema(8000).prefault({}).describe("The site of the field service."),
  office: siteSchema(8002).prefault({}).describe("The site of the office service."),
  dataExchange: dataExchangeSiteSchema
    .prefault({})
    .describe("Where logic takes the connections of the other services."),
});
