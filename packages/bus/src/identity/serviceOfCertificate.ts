import { type ServiceName, serviceNames } from "@peek/plugin-base";

/** What is looked at of a peer's certificate, as `getPeerCertificate()` of `node:tls` gives it. */
export interface CertificateSubject {
  readonly subject?: { readonly CN?: string | string[] };
}

/**
 * The service that a client's certificate is for: the first part of its subject's CN, `agent` or `agent.plant7.example`.
 * The certificate must have been verified.
 *
 * @returns undefined where it names no service, has several names, or was not shown at all.
 */
export function serviceOfCertificate({ subject }: CertificateSubject): ServiceName | undefined {
  const name = subject?.CN;
  if (typeof name !== "string") return undefined;
  const first = name.split(".", 1)[0]?.toLowerCase();
  return serviceNames.find((each) => each === first);
}
