import { certificatesIn, readPem, tlsUnusable, validityProblem } from "./pem.ts";

/**
 * Reads the certificates of trusted authorities from a PEM file, for `ca` of `node:tls`.
 *
 * @returns Each certificate in PEM, without expired ones.
 * @throws PeekError `TLS_UNUSABLE`, also when all certificates have expired.
 */
export function readAuthorities(file: string): readonly string[] {
  const certificates = certificatesIn(file, readPem(file));
  const first = certificates[0];
  if (first === undefined) {
    throw tlsUnusable(file, "it contains no certificate, no -----BEGIN CERTIFICATE-----. Convert it to PEM.");
  }
  const valid = certificates.filter((each) => validityProblem(each) === undefined);
  if (valid.length > 0) return valid.map((each) => each.toString());
  throw tlsUnusable(file, validityProblem(first) ?? "none of its certificates is valid now.");
}
