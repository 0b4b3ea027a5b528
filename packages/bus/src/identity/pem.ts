import { X509Certificate } from "node:crypto";
import { messageOf, PeekError } from "@peek/errors";
import { readSmallFile } from "./readSmallFile.ts";

/** One part of a PEM file. */
export interface PemBlock {
  /** What it says it is: `CERTIFICATE`, `PRIVATE KEY`. */
  readonly label: string;
  /** The part as it stands in the file, with its first and last line. */
  readonly text: string;
}

/**
 * The parts of a PEM file; what stands between them is left out.
 *
 * @throws PeekError `TLS_UNUSABLE`
 */
export function readPem(file: string): readonly PemBlock[] {
  let text: string;
  try {
    text = readSmallFile(file);
  } catch (cause) {
    throw tlsUnusable(file, `${messageOf(cause)}.`, cause);
  }
  const blocks = text.matchAll(/^-----BEGIN ([A-Z0-9 ]+)-----\s*?$[^]*?^-----END \1-----/gm);
  return Array.from(blocks, ([block, label = ""]) => ({ label, text: block }));
}

/**
 * The certificates among the parts of a file, in their order.
 *
 * @throws PeekError `TLS_UNUSABLE`
 */
export function certificatesIn(file: string, blocks: readonly PemBlock[]): readonly X509Certificate[] {
  const found = blocks.filter(({ label }) => /^(?:X509 |TRUSTED )?CERTIFICATE$/.test(label));
  return found.map(({ text }, index) => {
    try {
      return new X509Certificate(text);
    } catch (cause) {
      throw tlsUnusable(file, `its certificate number ${index + 1} is damaged: ${messageOf(cause)}.`, cause);
    }
  });
}

/** Whose a certificate is, on one line: `O=Plant 7, CN=agent`. */
export function subjectOf({ subject }: X509Certificate): string {
  return subject === "" ? "nobody in particular" : subject.split("\n").join(", ");
}

/** Why a certificate is good at another time and not now, as a sentence; undefined when it is good now. */
export function validityProblem(certificate: X509Certificate): string | undefined {
  const { validFromDate, validToDate } = certificate;
  const now = new Date();
  const whose = `the certificate of ${subjectOf(certificate)}`;
  if (validToDate < now) return `${whose} expired on ${validToDate.toISOString()}. Have it renewed.`;
  if (validFromDate <= now) return undefined;
  return `${whose} is not valid before ${validFromDate.toISOString()}, and this machine's clock says ${now.toISOString()}. Look at the clock.`;
}

/** The error for a file that cannot be used. */
export function tlsUnusable(file: string, why: string, cause?: unknown): PeekError {
  return new PeekError("TLS_UNUSABLE", `${file} cannot be used for TLS: ${why}`, { cause, fields: { file } });
}
