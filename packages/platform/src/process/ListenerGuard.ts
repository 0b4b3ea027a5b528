import { messageOf, toError } from "@peek/errors";
import type { ViolationReporter } from "./ViolationReporter.ts";

type Event = string | symbol;
type Listener = (...args: readonly unknown[]) => unknown;
type AddOrRemove = (event: Event, listener: Listener) => unknown;

/**
 * Protects the platform's listeners on the process, for signals and errors: plugins cannot remove them or get ahead of
 * them, and a plugin that listens for the exit cannot change the exit code. Undone on disposal.
 */
export class ListenerGuard implements Disposable {
  readonly #reporter: ViolationReporter;
  readonly #owned = new DisposableStack();
  readonly #protected: ReadonlyMap<Event, ReadonlySet<unknown>>;
  readonly #exitListeners = new WeakMap<Listener, string>();

  /** Protects the listeners that the process has now. */
  constructor(reporter: ViolationReporter) {
    this.#reporter = reporter;
    this.#protected = new Map(process.eventNames().map((event) => [event, new Set(listenersOf(event))]));
    this.#guardMethods();
  }

  [Symbol.dispose](): void {
    this.#owned.dispose();
  }

  /**
   * Calls the exit listeners of plugins, and removes them: when the process exits, the log is closed, and an error would
   * change the exit code.
   */
  callExitListeners(): void {
    for (const listener of listenersOf("exit")) {
      if (this.#isProtected("exit", listener)) continue;
      process.off("exit", listener);
      const plugin = this.#exitListeners.get(originalOf(listener));
      const { exitCode } = process;
      try {
        Reflect.apply(listener, process, [exitCode ?? 0]);
      } catch (thrown) {
        const culprit = plugin ?? this.#reporter.pluginAtFault(toError(thrown));
        this.#reporter.report(culprit, `threw in its listener for the exit of the process: ${messageOf(thrown)}`);
      }
      if (process.exitCode === exitCode) continue;
      process.exitCode = exitCode;
      this.#reporter.report(plugin, "set the exit code of the process, which only the service sets");
    }
  }

  #guardMethods(): void {
    const emitter: NodeJS.EventEmitter = process;
    const off: AddOrRemove = emitter.removeListener.bind(emitter);
    const add: AddOrRemove = emitter.on.bind(emitter);
    const addOnce: AddOrRemove = emitter.once.bind(emitter);
    const prepend: AddOrRemove = emitter.prependListener.bind(emitter);
    const prependOnce: AddOrRemove = emitter.prependOnceListener.bind(emitter);
    const remove: AddOrRemove = (event, listener) => {
      // The platform itself may remove its own listeners.
      const isRefused = this.#isProtected(event, listener) && this.#reporter.currentPlugin() !== undefined;
      return isRefused ? this.#refuse(event) : off(event, listener);
    };
    const removeAll = (...events: readonly Event[]): NodeJS.Process => {
      for (const event of events.length > 0 ? events : process.eventNames()) this.#removeUnprotected(event, off);
      return process;
    };
    const recordThen =
      (next: AddOrRemove): AddOrRemove =>
      (event, listener) => {
        if (event === "exit") this.#recordPlugin(listener);
        return next(event, listener);
      };
    const prependOrAppend =
      (prepend: AddOrRemove, append: AddOrRemove): AddOrRemove =>
      (event, listener) =>
        recordThen(this.#protected.has(event) ? append : prepend)(event, listener);
    this.#replace("removeListener", remove);
    this.#replace("off", remove);
    this.#replace("removeAllListeners", removeAll);
    this.#replace("on", recordThen(add));
    this.#replace("addListener", recordThen(add));
    this.#replace("once", recordThen(addOnce));
    this.#replace("prependListener", prependOrAppend(prepend, add));
    this.#replace("prependOnceListener", prependOrAppend(prependOnce, addOnce));
    this.#replace("setUncaughtExceptionCaptureCallback", () =>
      this.#reporter.report(
        this.#reporter.currentPlugin(),
        "tried to capture the uncaught errors of the process, which only the service handles",
      ),
    );
  }

  #removeUnprotected(event: Event, off: AddOrRemove): void {
    for (const listener of listenersOf(event)) {
      if (!this.#isProtected(event, listener)) off(event, listener);
    }
    if (this.#protected.has(event)) this.#refuse(event);
  }

  #refuse(event: Event): NodeJS.Process {
    const plugin = this.#reporter.currentPlugin();
    this.#reporter.report(plugin, `tried to remove the platform's listener for ${String(event)}, which is not removed`);
    return process;
  }

  #isProtected(event: Event, listener: unknown): boolean {
    return this.#protected.get(event)?.has(listener) === true;
  }

  #recordPlugin(listener: Listener): void {
    const plugin = this.#reporter.currentPlugin();
    if (plugin !== undefined) this.#exitListeners.set(listener, plugin);
  }

  #replace(name: keyof NodeJS.Process, value: unknown): void {
    const original = Object.getOwnPropertyDescriptor(process, name);
    Object.defineProperty(process, name, { value, configurable: true, writable: true });
    this.#owned.defer(() => {
      if (original === undefined) Reflect.deleteProperty(process, name);
      else Object.defineProperty(process, name, original);
    });
  }
}

function listenersOf(event: Event): readonly Listener[] {
  const emitter: NodeJS.EventEmitter = process;
  return emitter.rawListeners(event).filter(isListener);
}

function isListener(value: unknown): value is Listener {
  return typeof value === "function";
}

/** The function that was passed to `once()`. */
function originalOf(listener: Listener): Listener {
  const original: unknown = Reflect.get(listener, "listener");
  return isListener(original) ? original : listener;
}
