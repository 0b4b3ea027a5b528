import type { ViolationReporter } from "./ViolationReporter.ts";

/** The globals that the platform cannot work without. */
const guardedGlobals = [
  ...["Promise", "process", "queueMicrotask", "setTimeout", "clearTimeout", "setInterval", "clearInterval"],
  ...["setImmediate", "clearImmediate"],
];

/** Prevents plugins from replacing globals that the platform needs. Undone on disposal. */
export class GlobalsGuard implements Disposable {
  readonly #reporter: ViolationReporter;
  readonly #owned = new DisposableStack();

  constructor(reporter: ViolationReporter) {
    this.#reporter = reporter;
    for (const name of guardedGlobals) this.#guard(name);
  }

  [Symbol.dispose](): void {
    this.#owned.dispose();
  }

  #guard(name: string): void {
    const original = Object.getOwnPropertyDescriptor(globalThis, name);
    if (original === undefined) return;
    const value: unknown = Reflect.get(globalThis, name);
    const set = (other: unknown): void => {
      if (other === value) return;
      this.#reporter.report(
        this.#reporter.currentPlugin(),
        `tried to replace the global ${name}, which is not replaced`,
      );
    };
    const { enumerable = false } = original;
    Object.defineProperty(globalThis, name, { get: () => value, set, enumerable, configurable: true });
    this.#owned.defer(() => void Object.defineProperty(globalThis, name, original));
  }
}
