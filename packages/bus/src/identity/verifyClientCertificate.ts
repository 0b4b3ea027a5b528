import type { TLSSocket } from "node:tls";
import type { ServiceName } from "@peek/plugin-base";
import { explainTlsFailure } from "./explainTlsFailure.ts";
import { serviceOfCertificate } from "./serviceOfCertificate.ts";

/** The result of verifying a client certificate. */
export type CertificateVerdict =
  | {
      readonly ok: true;
      readonly service: ServiceName;
      /** The CN of its subject: `agent.plant7.example`. */
      readonly name: string;
      readonly validTo: Date;
    }
  /** The reason is the middle of a sentence. */
  | { readonly ok: false; readonly reason: string };

/**
 * Verifies the certificate that a client presented to a server with `requestCert` and without `rejectUnauthorized`. With the latter,
 * the server would cut the connection, and neither side would learn the reason.
 *
 * @returns Undefined when the client presented none.
 */
export function verifyClientCertificate(socket: TLSSocket): CertificateVerdict | undefined {
  const certificate = socket.getPeerCertificate();
  // Node returns an empty object for none.
  if (Object.keys(certificate).length === 0) return undefined;
  if (!socket.authorized) {
    const error: unknown = socket.authorizationError;
    return { ok: false, reason: explainTlsFailure(error) ?? `the certificate is not accepted (${String(error)})` };
  }
  const service = serviceOfCertificate(certificate);
  if (service === undefined) {
    const name = JSON.stringify(certificate.subject.CN ?? "").slice(0, 100);
    return {
      ok: false,
      reason: `the certificate is for ${name}, and its CN must begin with the name of a service, such as agent`,
    };
  }
  return { ok: true, service, name: String(certificate.subject.CN), validTo: new Date(certificate.valid_to) };
}
