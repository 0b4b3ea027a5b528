import { Buffer } from "node:buffer";

/*
 * A message is one or more texts in UTF-8, separated by line breaks; or something else, which begins with a byte that no
 * UTF-8 begins with.
 */

/** What a message is that begins with a byte which no text begins with. */
export const NatsFrame = {
  /** Says nothing: it is sent to learn whether there is somebody. */
  probe: 0xfe,
  /** The sender is about to go. */
  goodbye: 0xfd,
  /** A presence record, as the answer to having been asked. JSON. */
  presence: 0xfc,
  /**
   * The first part of a text, an answer or a record that is longer than a message may be: the bytes of all parts, as four
   * bytes; then the part.
   */
  firstFragment: 0xfb,
  /** A further part. */
  part: 0xfa,
} as const;

export const probeFrame: Uint8Array = Uint8Array.of(NatsFrame.probe);
export const goodbyeFrame: Uint8Array = Uint8Array.of(NatsFrame.goodbye);

/** What {@link NatsFrame.firstFragment} has before the part. */
export const firstFragmentHeaderBytes = 5;

/** Whether a message holds texts. */
export function holdsMessages(data: Uint8Array): boolean {
  const [first] = data;
  return first === undefined || first < 0xf8;
}

/** Whether a message is a part of something that is too long for one. */
export function isFragment([first]: Uint8Array): boolean {
  return first === NatsFrame.firstFragment || first === NatsFrame.part;
}

export function presenceFrame(record: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.of(NatsFrame.presence), record]);
}

/** The messages that carry what is too long for one. */
export function fragmentsOf(bytes: Uint8Array, maxPayload: number): readonly Uint8Array[] {
  const first = bytes.subarray(0, maxPayload - firstFragmentHeaderBytes);
  const header = Buffer.alloc(firstFragmentHeaderBytes);
  header.writeUInt8(NatsFrame.firstFragment);
  header.writeUInt32BE(bytes.length, 1);
  const frames = [Buffer.concat([header, first])];
  const step = maxPayload - 1;
  for (let at = first.length; at < bytes.length; at += step) {
    frames.push(Buffer.concat([Buffer.of(NatsFrame.part), bytes.subarray(at, at + step)]));
  }
  return frames;
}
