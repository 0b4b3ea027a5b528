import { certificatesIn, readPem, tlsUnusable, validityProblem } from "./pem.ts";

/**
 * Reads the certificates of the authorities to trust from a PEM file; for `ca` of `node:tls`.
 *
 * @returns Each in PEM, without those that have expired.
 * @throws PeekError `TLS_UNUSABLE`, with the reason in words, also when all have expired.
 */
export function readAuthorities(file: string): readonly string[] {
  const certificates = certificatesIn(file, readPem(file));
  const first = certificates[0];
  if (first === undefined) {
    throw tlsUnusable(file, "it has no certificate in it, no -----BEGIN CERTIFICATE-----. Make it a PEM file.");
  }
  const valid = certificates.filter((each) => validityProblem(each) === undefined);
  if (valid.length > 0) return valid.map((each) => each.toString());
  throw tlsUnusable(file, validityProblem(first) ?? "none of its certificates is valid now.");
}
