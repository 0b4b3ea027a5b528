import type { Store } from "@peek/client";
import { Value } from "../store/Value.ts";
import { type Settings, settingsSchema } from "./Settings.ts";

const key = "peek.settings";
const maxLength = 10_000;

/** The settings of this device: all tabs of the site share them. */
export class DeviceSettings implements Disposable {
  readonly #state: Value<Settings>;
  readonly #onStorage = (event: StorageEvent): void => {
    if (event.key === key) this.#state.set(read());
  };

  constructor() {
    this.#state = new Value(read());
    addEventListener("storage", this.#onStorage);
  }

  get state(): Store<Settings> {
    return this.#state;
  }

  change(change: Partial<Settings>): void {
    const settings = { ...this.#state.getSnapshot(), ...change };
    this.#state.set(settings);
    try {
      localStorage.setItem(key, JSON.stringify(settings));
    } catch {
      // Without storage, they hold until the page is closed.
    }
  }

  [Symbol.dispose](): void {
    removeEventListener("storage", this.#onStorage);
  }
}

function read(): Settings {
  try {
    const text = localStorage.getItem(key) ?? "{}";
    const parsed = settingsSchema.safeParse(text.length > maxLength ? {} : JSON.parse(text));
    if (parsed.success) return parsed.data;
  } catch {
    // No storage, or malformed JSON.
  }
  return settingsSchema.parse({});
}
