import { PluginLogicEntryHookABC } from "@peek/plugin-base/logic";
import type { TutorialLogicApi } from "../../TutorialLogicApi.ts";
import { RpcForAgent } from "../contracts/RpcForAgent.ts";
import type { TutorialTables } from "../storage/TutorialTables.ts";
import { callAgents } from "./callAgents.ts";
import { handleActions } from "./handleActions.ts";
import { LogicApi } from "./LogicApi.ts";
import { provideObservables } from "./provideObservables.ts";
import { RandomNumberWorkerController } from "./RandomNumberWorkerController.ts";
import { rpcForAgentHandlers } from "./rpcForAgentHandlers.ts";
import { Settings } from "./Settings.ts";
import { StringInts } from "./StringInts.ts";

/** The entry point of the plugin on the logic service. */
export class LogicEntryHook extends PluginLogicEntryHookABC<TutorialTables> {
  readonly #logger = this.getLogger(import.meta);
  readonly #api = new LogicApi();
  readonly #stringInts = new StringInts(this.platform.storage);
  readonly #settings = new Settings(this.platform.storage);

  override get publishedLogicApi(): TutorialLogicApi {
    return this.#api;
  }

  override load(): void {
    this.#logger.debug("Loaded");
  }

  override async start(): Promise<void> {
    await this.#countStart();
    const rows = await this.#stringInts.all();
    if (rows.length === 0) await this.#stringInts.add("one", 1);
    provideObservables(this.platform, this.#stringInts);
    handleActions(this.platform);
    const { vortex, disposables } = this.platform;
    const handlers = rpcForAgentHandlers(this.#stringInts, this.#logger);
    vortex.rpc.serve(RpcForAgent, handlers, { acceptOnlyFrom: "agent" });
    const calling = callAgents(this.platform, this.#logger);
    disposables.defer(() => calling);
    const sending = new RandomNumberWorkerController(this.platform).run();
    disposables.defer(() => sending);
    this.#logger.debug("Started");
  }

  override stop(): void {
    this.#logger.debug("Stopped");
  }

  override unload(): void {
    this.#logger.debug("Unloaded");
  }

  async #countStart(): Promise<void> {
    await this.#settings.set("starts", Number((await this.#settings.get("starts")) ?? 0) + 1);
  }
}
