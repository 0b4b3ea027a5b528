import { messageOf, toError } from "@peek/errors";

/** What {@link ProcessShield} needs of the service. */
export interface ProcessShieldOptions {
  /** The plugin whose code is running, by the stack of an error that is made there. */
  readonly pluginAtFault: (error: Error) => string | undefined;
  /** Told, once for each plugin, of what it did to the process that the platform does not allow. */
  readonly onMeddling: (plugin: string | undefined, what: string) => void;
}

type Event = string | symbol;
type Listener = (...args: readonly unknown[]) => unknown;
type Handle = (event: Event, listener: Listener) => unknown;

/** What the platform could not go on without, were it another. */
const guardedGlobals = [
  ...["Promise", "process", "queueMicrotask", "setTimeout", "clearTimeout", "setInterval", "clearInterval"],
  ...["setImmediate", "clearImmediate"],
];

/**
 * Keeps plugins from changing the process that all share: what listens for signals and errors before them stays, and
 * comes first; globals stay what they are; a plugin that listens for the end changes no exit code. Undone on disposal.
 */
export class ProcessShield implements Disposable {
  readonly #options: ProcessShieldOptions;
  readonly #owned = new DisposableStack();
  readonly #kept: ReadonlyMap<Event, ReadonlySet<unknown>>;
  readonly #listenersOfPlugins = new WeakMap<Listener, string>();
  readonly #told = new Set<string>();

  constructor(options: ProcessShieldOptions) {
    this.#options = options;
    this.#kept = new Map(process.eventNames().map((event) => [event, new Set(listenersOf(event))]));
    this.#guardListeners();
    for (const name of guardedGlobals) this.#guardGlobal(name);
  }

  [Symbol.dispose](): void {
    this.#owned.dispose();
  }

  /**
   * Calls what plugins have listening for the end of the process, and takes it away: when the process does end, the
   * log is closed, and what throws would change the exit code.
   */
  callExitListeners(): void {
    for (const listener of listenersOf("exit")) {
      if (this.#isKept("exit", listener)) continue;
      process.off("exit", listener);
      const plugin = this.#listenersOfPlugins.get(originalOf(listener));
      const { exitCode } = process;
      try {
        Reflect.apply(listener, process, [exitCode ?? 0]);
      } catch (thrown) {
        const guilty = plugin ?? this.#options.pluginAtFault(toError(thrown));
        this.#tell(guilty, `threw when it was told of the end of the process: ${messageOf(thrown)}`);
      }
      if (process.exitCode === exitCode) continue;
      process.exitCode = exitCode;
      this.#tell(plugin, "set the exit code of the process, which the service does");
    }
  }

  #guardListeners(): void {
    const emitter: NodeJS.EventEmitter = process;
    const off: Handle = emitter.removeListener.bind(emitter);
    const add: Handle = emitter.on.bind(emitter);
    const addOnce: Handle = emitter.once.bind(emitter);
    const prepend: Handle = emitter.prependListener.bind(emitter);
    const prependOnce: Handle = emitter.prependOnceListener.bind(emitter);
    const remove: Handle = (event, listener) => {
      // The platform's own code takes away what it has put there.
      const isRefused = this.#isKept(event, listener) && this.#plugin() !== undefined;
      return isRefused ? this.#refuse(event) : off(event, listener);
    };
    const removeAll = (...events: readonly Event[]): NodeJS.Process => {
      for (const event of events.length > 0 ? events : process.eventNames()) this.#removeOthers(event, off);
      return process;
    };
    const noteThen =
      (next: Handle): Handle =>
      (event, listener) => {
        if (event === "exit") this.#note(listener);
        return next(event, listener);
      };
    const behind =
      (first: Handle, after: Handle): Handle =>
      (event, listener) =>
        noteThen(this.#kept.has(event) ? after : first)(event, listener);
    this.#replace("removeListener", remove);
    this.#replace("off", remove);
    this.#replace("removeAllListeners", removeAll);
    this.#replace("on", noteThen(add));
    this.#replace("addListener", noteThen(add));
    this.#replace("once", noteThen(addOnce));
    this.#replace("prependListener", behind(prepend, add));
    this.#replace("prependOnceListener", behind(prependOnce, addOnce));
    this.#replace("setUncaughtExceptionCaptureCallback", () =>
      this.#tell(this.#plugin(), "wanted to catch the errors of the whole process: it does not"),
    );
  }

  #removeOthers(event: Event, off: Handle): void {
    for (const listener of listenersOf(event)) {
      if (!this.#isKept(event, listener)) off(event, listener);
    }
    if (this.#kept.has(event)) this.#refuse(event);
  }

  #refuse(event: Event): NodeJS.Process {
    this.#tell(this.#plugin(), `wanted to remove what the platform has listening for ${String(event)}: it stays`);
    return process;
  }

  #isKept(event: Event, listener: unknown): boolean {
    return this.#kept.get(event)?.has(listener) === true;
  }

  #note(listener: Listener): void {
    const plugin = this.#plugin();
    if (plugin !== undefined) this.#listenersOfPlugins.set(listener, plugin);
  }

  #guardGlobal(name: string): void {
    const before = Object.getOwnPropertyDescriptor(globalThis, name);
    if (before === undefined) return;
    const value: unknown = Reflect.get(globalThis, name);
    const set = (other: unknown): void => {
      if (other !== value) this.#tell(this.#plugin(), `wanted to replace the global ${name}: it stays`);
    };
    const { enumerable = false } = before;
    Object.defineProperty(globalThis, name, { get: () => value, set, enumerable, configurable: true });
    this.#owned.defer(() => void Object.defineProperty(globalThis, name, before));
  }

  #replace(name: keyof NodeJS.Process, value: unknown): void {
    const before = Object.getOwnPropertyDescriptor(process, name);
    Object.defineProperty(process, name, { value, configurable: true, writable: true });
    this.#owned.defer(() => {
      if (before === undefined) Reflect.deleteProperty(process, name);
      else Object.defineProperty(process, name, before);
    });
  }

  #plugin(): string | undefined {
    return this.#options.pluginAtFault(new Error("the stack of who does it"));
  }

  #tell(plugin: string | undefined, what: string): void {
    const told = `${plugin} ${what}`;
    if (this.#told.has(told) || this.#told.size > maxTold) return;
    this.#told.add(told);
    this.#options.onMeddling(plugin, what);
  }
}

const maxTold = 1000;

function listenersOf(event: Event): readonly Listener[] {
  const emitter: NodeJS.EventEmitter = process;
  return emitter.rawListeners(event).filter(isListener);
}

function isListener(value: unknown): value is Listener {
  return typeof value === "function";
}

/** The function that `once()` was given. */
function originalOf(listener: Listener): Listener {
  const original: unknown = Reflect.get(listener, "listener");
  return isListener(original) ? original : listener;
}
