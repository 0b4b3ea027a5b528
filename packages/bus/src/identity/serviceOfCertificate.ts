import { type ServiceName, serviceNames } from "@peek/plugin-base";

/** The relevant part of a certificate, as `getPeerCertificate()` of `node:tls` returns it. */
export interface CertificateSubject {
  readonly subject?: { readonly CN?: string | string[] };
}

/**
 * The service of a client certificate: the first label of its subject's CN, `agent` or `agent.plant7.example`. The certificate must
 * be verified.
 *
 * @returns Undefined when the CN is missing, ambiguous, or does not begin with a service.
 */
export function serviceOfCertificate({ subject }: CertificateSubject): ServiceName | undefined {
  const name = subject?.CN;
  if (typeof name !== "string") return undefined;
  const first = name.split(".", 1)[0]?.toLowerCase();
  return serviceNames.find((each) => each === first);
}
