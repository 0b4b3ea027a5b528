/*
 * The protocol between a data exchange and the services that connect to it, over WebSocket text frames. A frame batches one or
 * more lines; each line is one protocol message, and its first character is the kind of the message:
 *
 *   frame    = line *(LF line)
 *
 *   From a service to the exchange:
 *   hello    = "H" <JSON of helloSchema>            ; the first line of a connection, and only that
 *   message  = "m" receiver HTAB text               ; a message of the bus; receiver is an instance name
 *   watch    = "+" service                          ; subscribes to the presence of a service
 *   serves   = "S" <JSON of servesSchema>           ; replaces the contracts that the instance serves
 *
 *   From the exchange to a service:
 *   welcome  = "W" <JSON of welcomeSchema>          ; answers hello: the connection is established
 *   message  = "m" sender HTAB text
 *   peers    = *("p" service HTAB list LF) "P" service HTAB list
 *                                                   ; answers watch: the service's instances; list is JSON of peersSchema
 *   joined   = "J" <JSON of peerSchema>             ; an instance of a watched service has joined
 *   updated  = "U" <JSON of peerSchema>             ; an instance of a watched service serves other contracts
 *   left     = "L" instance                         ; an instance of a watched service has left
 *   gone     = "G" instance                         ; an instance that messages were exchanged with is gone, or never existed
 *   error    = "E" <JSON of errorSchema>            ; a line from the service was invalid
 *
 * The version of the protocol is negotiated as the WebSocket's subprotocol; an exchange speaks one version only. The exchange
 * refuses a connection with an HTTP status other than 101, the header `peek-exchange`, and the reason as the body. Both sides send
 * WebSocket pings at the interval in welcome, and consider the other side dead when nothing was received for two intervals.
 */

import { PeekError } from "@peek/errors";
import { type Peer, serviceNames } from "@peek/plugin-base";
import { z } from "zod";
import { serviceOfInstance } from "../instanceName.ts";
import { maxMessageBytes } from "../messageLimits.ts";

/** The version of the protocol: a WebSocket subprotocol. */
export const protocol = "peek.vortex.1";

/** The HTTP header that marks a refusal as the exchange's own. */
export const refusalHeader = "peek-exchange";

/** The path of the exchange's WebSocket. */
export const exchangePath = "/vortex";

/** The largest frame: a message of the largest size, its header, and the lines that it is batched with. */
export const maxFrameBytes: number = maxMessageBytes + 1024 * 1024;

/** The kinds of lines. */
export const LineKind = {
  hello: "H",
  message: "m",
  watch: "+",
  serves: "S",
  welcome: "W",
  /** A part of a peer list; more parts follow. */
  somePeers: "p",
  /** The last or only part of a peer list. */
  peers: "P",
  joined: "J",
  updated: "U",
  left: "L",
  gone: "G",
  error: "E",
} as const;

const instance = z.string().refine((text) => serviceOfInstance(text) !== undefined, { error: "an instance name" });
const version = z.string().regex(/^[\x21-\x7e]{1,100}$/, { error: "a version of letters, digits and signs" });
const time = z.iso.datetime();
const served = z.array(z.string().min(1).max(300)).max(10_000);

/** The introduction of a service. */
export const helloSchema = z.object({ instance, version, since: time, observer: z.boolean(), serves: served });

/** The settings of the connection. */
export const welcomeSchema = z.object({ heartbeatMs: z.number().positive().max(3_600_000) });

/** The names of the contracts that an instance serves. */
export const servesSchema = served;

/** The description of a connected instance. */
export const peerSchema = z.object({
  service: z.enum(serviceNames),
  instance,
  version,
  since: time,
  connectedSince: time,
  address: z.string().max(100),
  serves: served,
}) satisfies z.ZodType<Peer>;

/** A peer list, or a part of one. */
export const peersSchema = z.array(peerSchema).max(100_000);

/** Why a line is invalid. */
export const errorSchema = z.object({ code: z.string().max(100), message: z.string().max(1000) });

/** The name of a service. */
export const serviceSchema = z.enum(serviceNames);

/** The longest line that carries no message of the bus; characters. */
export const maxControlLine: number = 128 * 1024;

/**
 * Parses the JSON of a line.
 *
 * @throws PeekError `VORTEX_FRAME_INVALID`
 */
export function parseLine<T>(schema: z.ZodType<T>, json: string): T {
  let data: unknown;
  try {
    data = JSON.parse(json);
  } catch {
    throw invalidLine("it is not JSON");
  }
  const parsed = schema.safeParse(data);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0] ?? { path: [], message: "it does not match the schema" };
  throw invalidLine(`${["$", ...path].join(".")}: ${message}`.slice(0, 300));
}

/** A line violates the protocol. */
export function invalidLine(reason: string): PeekError {
  return new PeekError("VORTEX_FRAME_INVALID", `A line is invalid: ${reason}.`);
}

/** Calls a function with each line of a frame. */
export function eachLine(frame: string, onLine: (line: string) => void): void {
  let start = 0;
  for (;;) {
    const end = frame.indexOf("\n", start);
    if (end === -1) {
      onLine(start === 0 ? frame : frame.slice(start));
      return;
    }
    onLine(frame.slice(start, end));
    start = end + 1;
  }
}
