import { messageOf, PeekError } from "@peek/errors";
import type { PluginDisposables } from "@peek/plugin-base";

interface Resource {
  readonly title: string;
  readonly dispose: () => void | PromiseLike<void>;
}

/** What a plugin acquired in one phase of its life: between load() and unload(), or between start() and stop(). */
export class ResourceStack implements PluginDisposables {
  readonly #pluginName: string;
  #resources: Resource[] = [];
  #disposed = false;
  /** By when all of it is to be released. */
  #until = Infinity;
  /** Gives up on the resource that is being released. */
  #giveUp: (() => void) | undefined;

  constructor(pluginName: string) {
    this.#pluginName = pluginName;
  }

  get disposed(): boolean {
    return this.#disposed;
  }

  use<T extends AsyncDisposable | Disposable | null | undefined>(value: T): T {
    if (value === null || value === undefined) return value;
    const dispose = disposeFunction(value);
    if (dispose === undefined) {
      throw new TypeError("use() takes something with Symbol.asyncDispose or Symbol.dispose; adopt() takes the rest");
    }
    this.#add({ title: titleOf(value), dispose });
    return value;
  }

  adopt<T>(value: T, onDispose: (value: T) => void | PromiseLike<void>): T {
    this.#add({ title: titleOf(value), dispose: () => onDispose(value) });
    return value;
  }

  defer(onDispose: () => void | PromiseLike<void>): void {
    this.#add({ title: onDispose.name === "" ? "a deferred function" : onDispose.name, dispose: onDispose });
  }

  /**
   * Releases everything, last in, first out; each waits for the one before. Nothing stops it: what throws or does not
   * settle is told, and the next is released.
   *
   * @param budgetMs What all of it may take; milliseconds.
   * @returns What could not be released.
   */
  async release(budgetMs: number): Promise<readonly PeekError[]> {
    this.#disposed = true;
    const resources = this.#resources.reverse();
    this.#resources = [];
    this.#until = performance.now() + budgetMs;
    const failures: PeekError[] = [];
    for (const resource of resources) {
      const failure = await this.#dispose(resource, this.#until - performance.now());
      if (failure !== undefined) failures.push(failure);
    }
    return failures;
  }

  /** Leaves a release that is under way no more than this; milliseconds. */
  hurry(ms: number): void {
    this.#until = Math.min(this.#until, performance.now() + ms);
    const giveUp = this.#giveUp;
    if (giveUp !== undefined) setTimeout(giveUp, ms);
  }

  #add(resource: Resource): void {
    if (!this.#disposed) {
      this.#resources.push(resource);
      return;
    }
    // Whoever acquires after the end gets the resource back released, not leaked.
    void this.#dispose(resource, 0);
    throw new PeekError(
      "PLUGIN_RELEASED",
      `${this.#pluginName} acquired ${resource.title} after it had been stopped; it was released at once. End all work in stop(), and wait for it there.`,
      { fields: { plugin: this.#pluginName } },
    );
  }

  async #dispose(resource: Resource, budgetMs: number): Promise<PeekError | undefined> {
    const { promise: late, resolve: giveUp } = Promise.withResolvers<PeekError>();
    const began = performance.now();
    const onLate = (): void => {
      const ms = Math.round(performance.now() - began);
      giveUp(this.#failure(resource, `was not released within ${ms} ms`));
    };
    this.#giveUp = onLate;
    const timer = setTimeout(onLate, Math.max(0, budgetMs));
    const disposed = (async () => {
      try {
        await resource.dispose();
        return undefined;
      } catch (cause) {
        return this.#failure(resource, `threw when it was released: ${messageOf(cause)}`, cause);
      }
    })();
    const failure = await Promise.race([disposed, late]);
    clearTimeout(timer);
    return failure;
  }

  #failure(resource: Resource, what: string, cause?: unknown): PeekError {
    return new PeekError("RESOURCE_NOT_RELEASED", `${this.#pluginName} holds ${resource.title}, which ${what}`, {
      cause,
      fields: { plugin: this.#pluginName, resource: resource.title },
    });
  }
}

function disposeFunction(value: AsyncDisposable | Disposable): Resource["dispose"] | undefined {
  if (Symbol.asyncDispose in value && typeof value[Symbol.asyncDispose] === "function") {
    return () => value[Symbol.asyncDispose]();
  }
  if (Symbol.dispose in value && typeof value[Symbol.dispose] === "function") return () => value[Symbol.dispose]();
  return undefined;
}

function titleOf(value: unknown): string {
  if (typeof value === "object" && value !== null) return `a ${value.constructor?.name ?? "resource"}`;
  return `a ${typeof value}`;
}
