import { X509Certificate } from "node:crypto";
import { messageOf, PeekError } from "@peek/errors";
import { readSmallFile } from "./readSmallFile.ts";

/** One block of a PEM file. */
export interface PemBlock {
  /** `CERTIFICATE`, `PRIVATE KEY` and so on. */
  readonly label: string;
  /** The whole block, with its first and last line. */
  readonly text: string;
}

/**
 * Reads the blocks of a PEM file. Text between them is ignored.
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
 * The certificates among the blocks of a file, in their order.
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

/** The subject of a certificate on one line: `O=Plant 7, CN=agent`. */
export function subjectOf({ subject }: X509Certificate): string {
  return subject === "" ? "an empty subject" : subject.split("\n").join(", ");
}

/** Why a certificate is not valid now, as a sentence; undefined when it is. */
export function validityProblem(certificate: X509Certificate): string | undefined {
  const { validFromDate, validToDate } = certificate;
  const now = new Date();
  const title = `the certificate of ${subjectOf(certificate)}`;
  if (validToDate < now) return `${title} expired on ${validToDate.toISOString()}. Renew it.`;
  if (validFromDate <= now) return undefined;
  return `${title} is not valid before ${validFromDate.toISOString()}, and the clock of this machine says ${now.toISOString()}. Check the clock.`;
}

/**
 * A file cannot be used for TLS.
 *
 * @param reason Completes the sentence, with its full stop.
 */
export function tlsUnusable(file: string, reason: string, cause?: unknown): PeekError {
  return new PeekError("TLS_UNUSABLE", `${file} cannot be used for TLS: ${reason}`, { cause, fields: { file } });
}
