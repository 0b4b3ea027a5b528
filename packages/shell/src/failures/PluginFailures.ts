import type { Store } from "@peek/client";
import { type CataloguePlugin, type WebFailure, webPaths } from "@peek/web/protocol";
import type { ModuleFailure } from "../modules/ModuleFailure.ts";
import { Value } from "../store/Value.ts";

type Failures = ReadonlyMap<string, ModuleFailure>;

const maxReports = 20;
const reportsPerMs = 60_000;

/** The last failure of each plugin in this page. It reports them to the site, whose log the operator reads. */
export class PluginFailures {
  readonly #state = new Value<Failures>(new Map());
  readonly #reportedAt: number[] = [];

  /** By the plugin's name. */
  get state(): Store<Failures> {
    return this.#state;
  }

  add({ name, version }: Pick<CataloguePlugin, "name" | "version">, failure: ModuleFailure): void {
    this.#state.set(new Map(this.#state.getSnapshot()).set(name, failure));
    const { phase, message, stack } = failure;
    this.#report({
      plugin: name,
      version,
      phase,
      message: message.slice(0, 2000),
      ...(stack !== undefined && { stack: stack.slice(0, 8000) }),
      path: location.pathname.slice(0, 500),
    });
  }

  /** A page of the plugin is shown again. */
  clear(plugin: string): void {
    if (!this.#state.getSnapshot().has(plugin)) return;
    const rest = new Map(this.#state.getSnapshot());
    rest.delete(plugin);
    this.#state.set(rest);
  }

  /** A component that fails at each rendering must not flood the site. */
  #report(failure: WebFailure): void {
    const now = performance.now();
    while (this.#reportedAt[0] !== undefined && this.#reportedAt[0] < now - reportsPerMs) this.#reportedAt.shift();
    if (this.#reportedAt.length >= maxReports) return;
    this.#reportedAt.push(now);
    const headers = { "content-type": "application/json" };
    // Without a connection, the operator does not learn of it; the user sees it all the same.
    fetch(webPaths.failures, { method: "POST", headers, body: JSON.stringify(failure), keepalive: true }).catch(
      () => undefined,
    );
  }
}
