import { savedFilesSchema, type SavedFile } from "./SavedFile.ts";

/** The channel to the development supervisor (scripts/dev.ts), which runs this process and watches the files. */
export class SupervisorChannel implements Disposable {
  readonly #onMessage: (message: unknown) => void;

  /** @param onSaved Called with the saved files of plugins. */
  constructor(onSaved: (saved: readonly SavedFile[]) => void) {
    this.#onMessage = (message) => {
      const parsed = savedFilesSchema.safeParse(message);
      if (parsed.success) onSaved(parsed.data.savedFiles);
    };
    process.on("message", this.#onMessage);
  }

  /** Says that plugins can be reloaded from now on. */
  sendReady(): void {
    send("ready");
  }

  /** Asks for a restart of this process. */
  sendRestart(): void {
    send("restart");
  }

  [Symbol.dispose](): void {
    process.off("message", this.#onMessage);
  }
}

function send(message: "ready" | "restart"): void {
  // Sending fails when the supervisor has ended, and then this process stops, too.
  process.send?.(message, undefined, undefined, () => undefined);
}
