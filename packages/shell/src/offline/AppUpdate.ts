import type { Store } from "@peek/client";
import { webPaths } from "@peek/web/protocol";
import { Value } from "../store/Value.ts";

/** How often the browser looks for a new version while the app stays open. */
const checkMs = 15 * 60_000;

/**
 * - `insecure`: the browser has no service workers here, since the site is not served over HTTPS.
 * - `storing`: the files of the app are being stored.
 * - `ready`: the app opens without a connection.
 * - `waiting`: so it does, and a new version waits to be taken.
 */
export type UpdateState = "insecure" | "storing" | "ready" | "waiting";

/** The copy of the app on the device, and its next version: it is taken when the user says so, or at the next start. */
export class AppUpdate implements Disposable {
  readonly #state = new Value<UpdateState>("serviceWorker" in navigator ? "storing" : "insecure");
  #registration: ServiceWorkerRegistration | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;

  get state(): Store<UpdateState> {
    return this.#state;
  }

  /** Stores the app on the device. Without a service worker, it does nothing. */
  async begin(): Promise<void> {
    // While plugins are developed, their modules change without a new hash.
    if (!("serviceWorker" in navigator) || import.meta.env.MODE === "development") return;
    try {
      const registration = await navigator.serviceWorker.register(webPaths.serviceWorker, { scope: "/" });
      this.#registration = registration;
      registration.addEventListener("updatefound", () => this.#follow(registration.installing));
      this.#follow(registration.installing);
      this.#show();
      this.#timer = setInterval(() => void registration.update().catch(() => undefined), checkMs);
    } catch {
      // The site has no service worker, or cannot be reached: the app works with a connection.
    }
  }

  /** Takes the new version, and loads the page anew. */
  take(): void {
    const waiting = this.#registration?.waiting;
    if (waiting === null || waiting === undefined) return location.reload();
    navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- A service worker has no target origin.
    waiting.postMessage("take");
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #follow(worker: ServiceWorker | null): void {
    worker?.addEventListener("statechange", () => this.#show());
  }

  #show(): void {
    const registration = this.#registration;
    if (registration === undefined) return;
    // Without an active one, this is the first version: it need not wait.
    if (registration.waiting !== null && registration.active !== null) this.#state.set("waiting");
    else if (registration.active !== null) this.#state.set("ready");
  }
}
