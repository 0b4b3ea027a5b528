import { PluginFieldEntryHookABC } from "@peek/plugin-base/field";
import { AddStringInt } from "../contracts/AddStringInt.ts";
import { LargeIntTuple } from "../contracts/LargeIntTuple.ts";
import { serveRoutes } from "./serveRoutes.ts";

/** The entry point of the plugin on the field service. */
export class FieldEntryHook extends PluginFieldEntryHookABC {
  readonly #logger = this.getLogger(import.meta);

  override load(): void {
    this.#logger.debug("Loaded");
  }

  override start(): void {
    this.platform.observables.expose(LargeIntTuple);
    this.platform.actions.expose(AddStringInt);
    serveRoutes(this.platform);
  }

  override stop(): void {
    this.#logger.debug("Stopped");
  }

  override unload(): void {
    this.#logger.debug("Unloaded");
  }
}
