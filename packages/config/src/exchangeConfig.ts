import { z } from "zod";

const host = z.string().min(1).max(255);
const pemFile = z.string().min(1).max(4096);
const secret = z.string().min(1).max(4096);

/** `httpServer.dataExchange`: where logic takes the connections of the other services. */
export const dataExchangeSiteSchema = z
  .strictObject({
    host: host
      .default("127.0.0.1")
      .describe('The address that is listened on; "0.0.0.0" lets services on other machines in.'),
    sitePort: z
      .int()
      .min(0)
      .max(65_535)
      .default(8011)
      .describe("The port that is listened on; 0 takes any that is free."),
    useSsl: z.boolean().default(false).describe("Whether connections are encrypted with TLS."),
    sslBundleFilePath: pemFile
      .optional()
      .describe(
        "A PEM file with the certificate, those that lead to its authority, and the private key; relative to the home, or absolute.",
      ),
    sslEnableMutualTLS: z
      .boolean()
      .default(false)
      .describe(
        "Whether services are known by the certificate that they show; the first part of its CN names the service: agent.plant7.example.",
      ),
    sslMutualTLSCertificateAuthorityBundleFilePath: pemFile
      .optional()
      .describe(
        "A PEM file with the authorities whose certificates services may show; relative to the home, or absolute.",
      ),
  })
  .refine((site) => !site.useSsl || site.sslBundleFilePath !== undefined, {
    error: "a PEM file with certificate and private key, which useSsl needs: set this first",
    path: ["sslBundleFilePath"],
  })
  .refine((site) => !site.sslEnableMutualTLS || site.useSsl, {
    error: "false as long as useSsl is not true",
    path: ["sslEnableMutualTLS"],
  })
  .refine((site) => !site.sslEnableMutualTLS || site.sslMutualTLSCertificateAuthorityBundleFilePath !== undefined, {
    error:
      "a PEM file with the authorities of the services' certificates, which sslEnableMutualTLS needs: set this first",
    path: ["sslMutualTLSCertificateAuthorityBundleFilePath"],
  });

const natsSchema = z.strictObject({
  servers: z
    .array(z.string().min(1).max(1000))
    .max(100)
    .default([])
    .describe(
      'The servers of NATS, any of which will do: ["nats://a.example:4222"]. Empty: the exchange that logic has built in.',
    ),
  user: z.string().min(1).max(255).optional().describe("The account of this service on the servers."),
  password: secret.optional().describe("The password of `user`; a secret."),
  token: secret.optional().describe("A token, where the servers ask for that instead; a secret."),
  credentialsFilePath: pemFile
    .optional()
    .describe("A .creds file, where the servers ask for that instead; relative to the home, or absolute."),
  useSsl: z
    .boolean()
    .default(false)
    .describe("Whether connections are encrypted with TLS, also where servers do not insist."),
  sslCertificateAuthorityBundleFilePath: pemFile
    .optional()
    .describe("A PEM file with the authorities to trust instead of the system's; relative to the home, or absolute."),
  sslClientBundleFilePath: pemFile
    .optional()
    .describe(
      "A PEM file with the certificate and private key to show to the servers; relative to the home, or absolute.",
    ),
});

/** `dataExchange`: how a service reaches the others. */
export const dataExchangeSchema = z
  .strictObject({
    host: host.default("127.0.0.1").describe("The machine on which logic runs."),
    httpPort: z
      .int()
      .min(1)
      .max(65_535)
      .default(8011)
      .describe("The port of logic, its httpServer.dataExchange.sitePort."),
    useSsl: z.boolean().default(false).describe("Whether the connection is encrypted with TLS, as logic has it."),
    sslCertificateAuthorityBundleFilePath: pemFile
      .optional()
      .describe("A PEM file with the authorities to trust instead of the system's; relative to the home, or absolute."),
    sslEnableMutualTLS: z.boolean().default(false).describe("Whether this service shows logic a certificate."),
    sslClientBundleFilePath: pemFile
      .optional()
      .describe(
        "A PEM file with the certificate to show, those that lead to its authority, and the private key; relative to the home, or absolute.",
      ),
    token: secret
      .optional()
      .describe(
        "What this service proves with who it is, from peek token create; a secret. Default: on logic's machine, the one that logic made there.",
      ),
    heartbeatSeconds: z
      .number()
      .min(0.1)
      .max(300)
      .default(5)
      .describe(
        "How often each connection is tried; one that does not answer for two to three times as long is held to be cut. Over logic's data exchange, that of logic counts; seconds.",
      ),
    nats: natsSchema.prefault({}).describe("Read by logic too."),
  })
  .refine((exchange) => !exchange.sslEnableMutualTLS || exchange.useSsl, {
    error: "false as long as useSsl is not true",
    path: ["sslEnableMutualTLS"],
  })
  .refine((exchange) => !exchange.sslEnableMutualTLS || exchange.sslClientBundleFilePath !== undefined, {
    error: "a PEM file with certificate and private key, which sslEnableMutualTLS needs: set this first",
    path: ["sslClientBundleFilePath"],
  });
