import { z } from "zod";

const host = z.string().min(1).max(255);
const pemFile = z.string().min(1).max(4096);
const secret = z.string().min(1).max(4096);

/** `httpServer.dataExchange`: where logic accepts the connections of the other services. */
export const dataExchangeSiteSchema = z
  .strictObject({
    host: host
      .default("127.0.0.1")
      .describe('The address to listen on; "0.0.0.0" allows connections from other machines.'),
    sitePort: z.int().min(0).max(65_535).default(8011).describe("The port to listen on; 0 chooses a free one."),
    useSsl: z.boolean().default(false).describe("Whether connections are encrypted with TLS."),
    sslBundleFilePath: pemFile
      .optional()
      .describe(
        "A PEM file with the certificate, its intermediate certificates and the private key; relative to the home, or absolute.",
      ),
    sslEnableMutualTLS: z
      .boolean()
      .default(false)
      .describe(
        "Whether services are identified by their client certificates; the first part of the CN names the service: agent.plant7.example.",
      ),
    sslMutualTLSCertificateAuthorityBundleFilePath: pemFile
      .optional()
      .describe(
        "A PEM file with the authorities that sign the certificates of services; relative to the home, or absolute.",
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
      'The NATS servers, of which any one is used: ["nats://a.example:4222"]. Empty: the data exchange of logic.',
    ),
  user: z.string().min(1).max(255).optional().describe("The account of this service on the servers."),
  password: secret.optional().describe("The password of `user`; a secret."),
  token: secret.optional().describe("A token, where the servers require one instead; a secret."),
  credentialsFilePath: pemFile
    .optional()
    .describe("A .creds file, where the servers require one instead; relative to the home, or absolute."),
  useSsl: z
    .boolean()
    .default(false)
    .describe("Whether connections are encrypted with TLS, also where the servers do not require it."),
  sslCertificateAuthorityBundleFilePath: pemFile
    .optional()
    .describe("A PEM file with the authorities to trust instead of the system's; relative to the home, or absolute."),
  sslClientBundleFilePath: pemFile
    .optional()
    .describe(
      "A PEM file with the client certificate and private key for the servers; relative to the home, or absolute.",
    ),
});

/** `dataExchange`: how a service connects to the others. */
export const dataExchangeSchema = z
  .strictObject({
    host: host.default("127.0.0.1").describe("The machine on which logic runs."),
    httpPort: z
      .int()
      .min(1)
      .max(65_535)
      .default(8011)
      .describe("The port of logic: its httpServer.dataExchange.sitePort."),
    useSsl: z
      .boolean()
      .default(false)
      .describe("Whether the connection is encrypted with TLS; as in logic's httpServer.dataExchange.useSsl."),
    sslCertificateAuthorityBundleFilePath: pemFile
      .optional()
      .describe("A PEM file with the authorities to trust instead of the system's; relative to the home, or absolute."),
    sslEnableMutualTLS: z
      .boolean()
      .default(false)
      .describe("Whether this service presents a client certificate to logic."),
    sslClientBundleFilePath: pemFile
      .optional()
      .describe(
        "A PEM file with the client certificate, its intermediate certificates and the private key; relative to the home, or absolute.",
      ),
    token: secret
      .optional()
      .describe(
        "The token of this service, from peek token create; a secret. Default: on logic's machine, the token that logic created there.",
      ),
    heartbeatSeconds: z
      .number()
      .min(0.1)
      .max(300)
      .default(5)
      .describe(
        "How often each connection is checked, in seconds; a connection that does not answer for two to three times as long counts as lost. With logic's data exchange, the value of logic applies.",
      ),
    nats: natsSchema.prefault({}).describe("Also read by logic."),
  })
  .refine((exchange) => !exchange.sslEnableMutualTLS || exchange.useSsl, {
    error: "false as long as useSsl is not true",
    path: ["sslEnableMutualTLS"],
  })
  .refine((exchange) => !exchange.sslEnableMutualTLS || exchange.sslClientBundleFilePath !== undefined, {
    error: "a PEM file with certificate and private key, which sslEnableMutualTLS needs: set this first",
    path: ["sslClientBundleFilePath"],
  });
