import { createPrivateKey, type KeyObject } from "node:crypto";
import { createSecureContext } from "node:tls";
import { messageOf } from "@peek/errors";
import { certificatesIn, type PemBlock, readPem, subjectOf, tlsUnusable, validityProblem } from "./pem.ts";

/** A certificate with its private key, as `node:tls` takes them. */
export interface TlsBundle {
  /** The certificate, followed by its chain; PEM. */
  readonly cert: Buffer;
  /** The private key; PEM. */
  readonly key: Buffer;
  /** The subject of the certificate, on one line. */
  readonly subject: string;
  readonly validTo: Date;
}

/**
 * Reads a certificate, its chain and its private key from one PEM file, in any order.
 *
 * @throws PeekError `TLS_UNUSABLE`
 */
export function readBundle(file: string): TlsBundle {
  const blocks = readPem(file);
  const certificates = certificatesIn(file, blocks);
  if (certificates.length === 0) {
    throw tlsUnusable(file, "it contains no certificate, no -----BEGIN CERTIFICATE-----. Convert it to PEM.");
  }
  const { key, text } = privateKeyIn(file, blocks);
  const own = certificates.find((each) => each.checkPrivateKey(key));
  if (own === undefined) {
    const subjects = certificates.map(subjectOf).join("; ");
    throw tlsUnusable(
      file,
      `its private key does not match its certificate (${subjects}). Put a matching pair into it.`,
    );
  }
  const problem = validityProblem(own);
  if (problem !== undefined) throw tlsUnusable(file, problem);
  // TLS requires the own certificate first.
  const chain = [own, ...certificates.filter((each) => each !== own)];
  const bundle = {
    cert: Buffer.from(chain.map((each) => each.toString()).join("")),
    key: Buffer.from(`${text}\n`),
    subject: subjectOf(own),
    validTo: own.validToDate,
  };
  checkAcceptance(file, bundle);
  return bundle;
}

function privateKeyIn(file: string, blocks: readonly PemBlock[]): { readonly key: KeyObject; readonly text: string } {
  const block = blocks.find(({ label }) => label.endsWith("PRIVATE KEY"));
  if (block === undefined) {
    throw tlsUnusable(
      file,
      "it contains no private key, no -----BEGIN PRIVATE KEY-----. Add the key of the certificate to it.",
    );
  }
  if (isEncrypted(block)) {
    throw tlsUnusable(
      file,
      "its private key is encrypted, and a service cannot ask for the password. Decrypt it: openssl pkey -in <file>.",
    );
  }
  try {
    return { key: createPrivateKey(block.text), text: block.text };
  } catch (cause) {
    throw tlsUnusable(file, `its private key is damaged: ${messageOf(cause)}.`, cause);
  }
}

function isEncrypted({ label, text }: PemBlock): boolean {
  return label === "ENCRYPTED PRIVATE KEY" || /^Proc-Type: 4,ENCRYPTED/m.test(text);
}

/** OpenSSL refuses a pair that is valid but weak. */
function checkAcceptance(file: string, { cert, key, subject }: TlsBundle): void {
  try {
    createSecureContext({ cert, key });
  } catch (cause) {
    throw tlsUnusable(file, `OpenSSL does not accept the certificate of ${subject}: ${messageOf(cause)}.`, cause);
  }
}
