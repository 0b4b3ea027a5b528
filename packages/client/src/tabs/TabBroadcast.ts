import { tabMessageSchema, type TabMessage } from "./TabMessage.ts";

/** The other tabs of one origin. */
export class TabBroadcast implements Disposable {
  #channel: BroadcastChannel | undefined;

  /** @param name Undefined: there are no others. */
  constructor(name: string | undefined, hear: (message: TabMessage) => void) {
    if (name === undefined || typeof BroadcastChannel !== "function") return;
    this.#channel = new BroadcastChannel(name);
    this.#channel.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
      const message = tabMessageSchema.safeParse(data);
      if (message.success) hear(message.data);
    });
  }

  tell(message: TabMessage): void {
    this.#channel?.postMessage(message);
  }

  [Symbol.dispose](): void {
    this.#channel?.close();
    this.#channel = undefined;
  }
}
