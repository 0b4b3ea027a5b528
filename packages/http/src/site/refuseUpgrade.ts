import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { answerBody, siteAnswer } from "./siteAnswers.ts";

/** Answers, in place of an upgrade, why there is none, and ends the connection. */
export function refuseUpgrade(
  socket: Duplex,
  status: number,
  { message, headers = {} }: { readonly message?: string; readonly headers?: Readonly<Record<string, string>> } = {},
): void {
  const answer = siteAnswer(status, message);
  const { type, body } = answerBody(answer, false);
  const lines = [
    `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? "Error"}`,
    "connection: close",
    `content-type: ${type}`,
    `content-length: ${Buffer.byteLength(body)}`,
    "cache-control: no-store",
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  socket.once("finish", () => socket.destroy());
  socket.end(`${lines.join("\r\n")}\r\n\r\n${body}`);
}
