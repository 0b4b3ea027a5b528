import type { ChannelMessage } from "./proxy/ChannelSource.ts";
import { SharedFrame } from "./SharedFrame.ts";

/** The frames of messages, for as long as somebody has the messages. */
export class SharedFrames {
  readonly #frames = new WeakMap<ChannelMessage, SharedFrame>();

  of(message: ChannelMessage): SharedFrame {
    let frame = this.#frames.get(message);
    if (frame === undefined) {
      frame = new SharedFrame(message);
      this.#frames.set(message, frame);
    }
    return frame;
  }
}
