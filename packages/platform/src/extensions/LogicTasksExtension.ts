import { PeekError } from "@peek/errors";
import type { PluginInfo } from "@peek/loader";
import type { PluginDisposables, PluginTasks } from "@peek/plugin-base";
import type { TasksStatus } from "../status/ServiceStatus.ts";
import { QueueMonitor } from "../tasks/QueueMonitor.ts";
import type { ExtensionOptions, OpenContext, ServiceExtension } from "./ServiceExtension.ts";
import type { TaskConnection, TaskSources } from "./TaskConnection.ts";

/** On logic, `platform.tasks` of plugins that require storage: queueing tasks and waiting for them. */
export class LogicTasksExtension implements ServiceExtension<{ readonly tasks: PluginTasks }> {
  readonly #options: ExtensionOptions;
  readonly #sources: TaskSources;
  #connecting: Promise<void> | undefined;
  #connection: TaskConnection | undefined;
  #monitor: QueueMonitor | undefined;
  /** Whether the queues may hold tasks that this process has not queued. */
  #hasHandlers = false;
  #hasBegun = false;

  constructor(options: ExtensionOptions, sources: TaskSources) {
    this.#options = options;
    this.#sources = sources;
  }

  appliesTo(plugin: PluginInfo): boolean {
    return this.#sources.storage.appliesTo(plugin);
  }

  /** Once the connection to the other services is open. */
  async open({ plugins }: OpenContext): Promise<void> {
    for (const plugin of plugins) if (this.appliesTo(plugin)) await this.migrate(plugin);
  }

  /** Connects with the first plugin that may have tasks, which need not have been enabled at the start. */
  async migrate({ manifest }: PluginInfo): Promise<void> {
    // A plugin that handles tasks has a part for the workers.
    this.#hasHandlers ||= manifest.requiresServices.includes("worker");
    await (this.#connecting ??= this.#connect());
    if (this.#hasBegun && this.#hasHandlers) this.#monitor?.begin();
  }

  openScope({ name }: PluginInfo, disposables: () => PluginDisposables): { readonly tasks: PluginTasks } {
    if (this.#connection === undefined) throw new PeekError("INTERNAL", "Tasks were used before they were opened.");
    return { tasks: this.#connection.caller.forPlugin(name, disposables) };
  }

  /** Begins to monitor tasks that were queued before this start. */
  begin(): void {
    this.#hasBegun = true;
    if (this.#hasHandlers) this.#monitor?.begin();
  }

  /** undefined before the queues were looked at. */
  status(): TasksStatus | undefined {
    const queues = this.#monitor?.depths;
    return queues && { queues };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connecting;
    await this.#connection?.[Symbol.asyncDispose]();
  }

  async #connect(): Promise<void> {
    const { TaskConnection } = await import("./TaskConnection.ts");
    const connection = await TaskConnection.open(this.#options, this.#sources);
    this.#connection = connection;
    connection.signals.listen({ onUpdates: (updates) => connection.caller.receive(updates) });
    this.#monitor = connection.use(new QueueMonitor(connection.queue, connection.logger));
  }
}
