import { createPrivateKey, type KeyObject } from "node:crypto";
import { createSecureContext } from "node:tls";
import { messageOf } from "@peek/errors";
import { certificatesIn, type PemBlock, readPem, subjectOf, tlsUnusable, validityProblem } from "./pem.ts";

/** A certificate with its key, in the words of `node:tls`. */
export interface TlsBundle {
  /** The certificate, and after it those that lead to its authority; PEM. */
  readonly cert: Buffer;
  /** The private key; PEM. */
  readonly key: Buffer;
  /** Whose certificate it is, on one line. */
  readonly subject: string;
  /** Until when it is valid. */
  readonly validTo: Date;
}

/**
 * Reads a certificate, those that lead to its authority, and its private key from one PEM file, in whatever order.
 *
 * @throws PeekError `TLS_UNUSABLE`, with the reason in words
 */
export function readBundle(file: string): TlsBundle {
  const blocks = readPem(file);
  const certificates = certificatesIn(file, blocks);
  if (certificates.length === 0) {
    throw tlsUnusable(file, "it has no certificate in it, no -----BEGIN CERTIFICATE-----. Make it a PEM file.");
  }
  const { key, text } = privateKeyIn(file, blocks);
  const own = certificates.find((each) => each.checkPrivateKey(key));
  if (own === undefined) {
    const subjects = certificates.map(subjectOf).join("; ");
    throw tlsUnusable(
      file,
      `its private key does not belong to its certificate (${subjects}). Put in the two of a pair.`,
    );
  }
  const why = validityProblem(own);
  if (why !== undefined) throw tlsUnusable(file, why);
  // The other side looks for it at the beginning.
  const chain = [own, ...certificates.filter((each) => each !== own)];
  const bundle = {
    cert: Buffer.from(chain.map((each) => each.toString()).join("")),
    key: Buffer.from(`${text}\n`),
    subject: subjectOf(own),
    validTo: own.validToDate,
  };
  checkUse(file, bundle);
  return bundle;
}

function privateKeyIn(file: string, blocks: readonly PemBlock[]): { readonly key: KeyObject; readonly text: string } {
  const block = blocks.find(({ label }) => label.endsWith("PRIVATE KEY"));
  if (block === undefined) {
    throw tlsUnusable(
      file,
      "it has no private key in it, no -----BEGIN PRIVATE KEY-----. Put it in beside the certificate.",
    );
  }
  if (isEncrypted(block)) {
    throw tlsUnusable(
      file,
      "its private key is encrypted, and a service has nobody to ask for the password. Decrypt it: openssl pkey -in <file>.",
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

/** Both are sound; what they are made with may be too weak all the same. */
function checkUse(file: string, { cert, key, subject }: TlsBundle): void {
  try {
    createSecureContext({ cert, key });
  } catch (cause) {
    throw tlsUnusable(file, `the certificate of ${subject} is not taken: ${messageOf(cause)}.`, cause);
  }
}
