import { PeekError } from "@peek/errors";
import { type Peer, serviceNames } from "@peek/plugin-base";
import { z } from "zod";
import { serviceOfInstance } from "../instanceName.ts";
import { maxMessageBytes } from "../messageLimits.ts";

/**
 * The protocol between a data exchange and those who connect to it. A frame is text: one or more lines, each beginning with
 * the letter of its kind. Only this version is spoken; it is agreed on as the WebSocket's subprotocol.
 */
export const protocol = "peek.vortex.1";

/** The header that marks a refusal as one of an exchange. */
export const refusalHeader = "peek-exchange";

/** Where the exchange takes connections. */
export const exchangePath = "/vortex";

/** The largest frame: one of the largest texts, what it is batched with, and its header. */
export const maxFrameBytes: number = maxMessageBytes + 1024 * 1024;

/** The kinds of lines. */
export const LineKind = {
  /** To the exchange: who connects. JSON, {@link helloSchema}. First of all lines, and only once. */
  hello: "H",
  /** From the exchange: the connection can be used. JSON, {@link welcomeSchema}. First of all lines. */
  welcome: "W",
  /** A text: to the exchange with whom it is for, from it with whom it comes from; then a tab and the text. */
  message: "m",
  /** To the exchange: a service whose members it wants to be told of. */
  watch: "+",
  /** To the exchange: the contracts that are served now. JSON, {@link servesSchema}. */
  serves: "S",
  /** From the exchange, as an answer to `watch`: some of the members of a service, of which more follow. As `peers`. */
  somePeers: "p",
  /** From the exchange, as an answer to `watch`: the last members of a service: the service, a tab, JSON. */
  peers: "P",
  /** From the exchange: someone has joined. JSON, {@link peerSchema}. */
  joined: "J",
  /** From the exchange: someone serves something else now. JSON, {@link peerSchema}. */
  updated: "U",
  /** From the exchange: a member of a watched service has left; its name. */
  left: "L",
  /** From the exchange: an instance that texts were exchanged with is gone, or never was; its name. */
  gone: "G",
  /** From the exchange: a line was not understood. JSON, {@link complaintSchema}. */
  complaint: "E",
} as const;

const instance = z.string().refine((text) => serviceOfInstance(text) !== undefined, { error: "an instance's name" });
const version = z.string().regex(/^[\x21-\x7e]{1,100}$/, { error: "a version in letters, digits and signs" });
const time = z.iso.datetime();
const served = z.array(z.string().min(1).max(300)).max(10_000);

export const helloSchema = z.object({ instance, version, since: time, observer: z.boolean(), serves: served });

export const welcomeSchema = z.object({ heartbeatMs: z.number().positive().max(3_600_000) });

export const servesSchema = served;

export const peerSchema = z.object({
  service: z.enum(serviceNames),
  instance,
  version,
  since: time,
  connectedSince: time,
  address: z.string().max(100),
  serves: served,
}) satisfies z.ZodType<Peer>;

export const peersSchema = z.array(peerSchema).max(100_000);

export const complaintSchema = z.object({ code: z.string().max(100), message: z.string().max(1000) });

export const serviceSchema = z.enum(serviceNames);

/** The longest line of a kind that is not a text; characters. */
export const maxControlLine: number = 128 * 1024;

/**
 * What follows the kind in a line, as JSON.
 *
 * @throws PeekError `VORTEX_FRAME_INVALID`
 */
export function parseLine<T>(schema: z.ZodType<T>, json: string): T {
  let data: unknown;
  try {
    data = JSON.parse(json);
  } catch {
    throw frameInvalid("it is not JSON");
  }
  const parsed = schema.safeParse(data);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0] ?? { path: [], message: "it is not as it must be" };
  throw frameInvalid(`${["$", ...path].join(".")}: ${message}`.slice(0, 300));
}

/** A line that is not as it must be. */
export function frameInvalid(what: string): PeekError {
  return new PeekError("VORTEX_FRAME_INVALID", `A line was not understood: ${what}.`);
}

/** Calls with each line of a frame. */
export function eachLine(frame: string, take: (line: string) => void): void {
  let start = 0;
  for (;;) {
    const end = frame.indexOf("\n", start);
    if (end === -1) {
      take(start === 0 ? frame : frame.slice(start));
      return;
    }
    take(frame.slice(start, end));
    start = end + 1;
  }
}
