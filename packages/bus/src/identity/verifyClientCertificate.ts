import type { TLSSocket } from "node:tls";
import type { ServiceName } from "@peek/plugin-base";
import { explainTlsFailure } from "./explainTlsFailure.ts";
import { serviceOfCertificate } from "./serviceOfCertificate.ts";

/** What a client's certificate is good for. */
export type CertificateVerdict =
  | {
      readonly ok: true;
      readonly service: ServiceName;
      /** The CN of its subject: `agent.plant7.example`. */
      readonly name: string;
      /** Until when it is valid. */
      readonly validTo: Date;
    }
  /** With the reason in words, for the middle of a sentence. */
  | { readonly ok: false; readonly reason: string };

/**
 * Whose certificate a client has shown, to a server with `requestCert` and without `rejectUnauthorized`: one with the
 * latter cuts the connection, and neither side learns why.
 *
 * @returns undefined where none was shown.
 */
export function verifyClientCertificate(socket: TLSSocket): CertificateVerdict | undefined {
  const certificate = socket.getPeerCertificate();
  // Node gives an object without anything in it where there is none.
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
      reason: `the certificate is for ${name}, and its CN must begin with the name of a service: agent`,
    };
  }
  return { ok: true, service, name: String(certificate.subject.CN), validTo: new Date(certificate.valid_to) };
}
