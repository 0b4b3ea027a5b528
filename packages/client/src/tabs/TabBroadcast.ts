import { tabMessageSchema, type TabMessage } from "./TabMessage.ts";

/** Sends messages to the other tabs of the origin, and receives theirs. */
export class TabBroadcast implements Disposable {
  #channel: BroadcastChannel | undefined;

  /** @param name Of the channel; undefined if there are no other tabs. */
  constructor(name: string | undefined, receive: (message: TabMessage) => void) {
    if (name === undefined || typeof BroadcastChannel !== "function") return;
    this.#channel = new BroadcastChannel(name);
    this.#channel.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
      const message = tabMessageSchema.safeParse(data);
      if (message.success) receive(message.data);
    });
  }

  post(message: TabMessage): void {
    this.#channel?.postMessage(message);
  }

  [Symbol.dispose](): void {
    this.#channel?.close();
    this.#channel = undefined;
  }
}
