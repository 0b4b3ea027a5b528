import { Buffer } from "node:buffer";

/*
 * The contents of NATS messages. A NATS message holds one or more messages of the bus, as UTF-8 separated by line feeds; or a
 * control frame, whose first byte no UTF-8 text begins with:
 *
 *   probe     = %xFE                                ; no content: tests whether there is a receiver
 *   goodbye   = %xFD                                ; the sender is about to disconnect
 *   presence  = %xFC record                         ; answers a presence query: JSON, see presenceRecord.ts
 *   first     = %xFB 4OCTET fragment                ; the first fragment of a message, an answer or a record that is longer than the
 *                                                   ; server's max_payload; preceded by the size of the whole, big-endian
 *   next      = %xFA fragment                       ; a further fragment
 *
 * On a presence subject, a record is sent without the byte of a control frame; an empty message means that the instance leaves.
 */

/** The first bytes of control frames. */
export const NatsFrame = {
  probe: 0xfe,
  goodbye: 0xfd,
  presence: 0xfc,
  firstFragment: 0xfb,
  fragment: 0xfa,
} as const;

export const probeFrame: Uint8Array = Uint8Array.of(NatsFrame.probe);
export const goodbyeFrame: Uint8Array = Uint8Array.of(NatsFrame.goodbye);

/** The size of the header of a first fragment. */
export const firstFragmentHeaderBytes = 5;

/** Whether a NATS message holds messages of the bus rather than a control frame. */
export function holdsMessages(data: Uint8Array): boolean {
  const [first] = data;
  return first === undefined || first < 0xf8;
}

/** Whether a control frame is a fragment. */
export function isFragment([first]: Uint8Array): boolean {
  return first === NatsFrame.firstFragment || first === NatsFrame.fragment;
}

export function presenceFrame(record: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.of(NatsFrame.presence), record]);
}

/** Splits bytes into fragments that fit into a NATS message each. */
export function fragmentsOf(bytes: Uint8Array, maxPayload: number): readonly Uint8Array[] {
  const first = bytes.subarray(0, maxPayload - firstFragmentHeaderBytes);
  const header = Buffer.alloc(firstFragmentHeaderBytes);
  header.writeUInt8(NatsFrame.firstFragment);
  header.writeUInt32BE(bytes.length, 1);
  const frames = [Buffer.concat([header, first])];
  const step = maxPayload - 1;
  for (let at = first.length; at < bytes.length; at += step) {
    frames.push(Buffer.concat([Buffer.of(NatsFrame.fragment), bytes.subarray(at, at + step)]));
  }
  return frames;
}
