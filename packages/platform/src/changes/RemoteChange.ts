import { randomUUID } from "node:crypto";
import { messageOf, PeekError } from "@peek/errors";
import type { Peer, PluginRpc, RpcClient } from "@peek/plugin-base";
import {
  type ChangeProgress,
  PluginChangesRpc,
  type PreparedOnService,
  type ResultOnService,
  type ServiceChangeInput,
} from "./pluginChangesRpc.ts";

/** How long a service may prepare a change, in milliseconds: it imports the plugin, after the changes that it makes already. */
const prepareMs = 120_000;
/** How long one step may take: a migration takes the longest, an hour by default. The end of a service is noticed before. */
const stepMs = 24 * 3600 * 1000;
const commitMs = 30_000;

type Client = RpcClient<(typeof PluginChangesRpc)["procedures"]>;

/** A change on one instance of a service, as logic makes it. */
export class RemoteChange {
  readonly peer: Peer;
  /** The plan of the service; undefined before it is prepared, and where it refused. */
  prepared: PreparedOnService | undefined;
  readonly #id = randomUUID();
  readonly #client: Client;
  readonly #cancel = new AbortController();
  readonly #prepared = Promise.withResolvers<void>();
  readonly #replaced = Promise.withResolvers<void>();
  readonly #result: Promise<ResultOnService>;

  /** Begins to prepare it. */
  constructor(rpc: PluginRpc, peer: Peer, request: ServiceChangeInput, onStep: (step: string) => void) {
    this.peer = peer;
    this.#client = rpc.client(PluginChangesRpc, { to: peer, deadlineMs: commitMs });
    this.#result = this.#follow(request, onStep);
  }

  /** Waits until it is prepared. @returns The refusal of the service; undefined when it is prepared. */
  async prepare(): Promise<ResultOnService | undefined> {
    const timer = setTimeout(() => this.#cancel.abort(tooSlow(this.peer)), prepareMs);
    try {
      return await Promise.race([this.#prepared.promise.then(() => undefined), this.#result]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Has the service cancel it. It must not have been committed. */
  cancel(): void {
    this.#cancel.abort(new PeekError("CALL_CANCELLED", "The change was cancelled."));
  }

  /**
   * Has the service make it. Settles when the new generations run and are only watched, or with the result. Never rejects.
   *
   * @returns Whether it has not failed so far.
   */
  async commit(): Promise<boolean> {
    try {
      // Where it is not there any more, the stream says why.
      await this.#client.commit({ id: this.#id });
    } catch (error) {
      // The service may have begun all the same: its stream says what came of it, or ends with the service.
      if (PeekError.is(error) && error.code === "DEADLINE_EXCEEDED") this.#cancel.abort(error);
    }
    const isDone = this.#result.then(({ outcome }) => outcome === "done");
    return await Promise.race([this.#replaced.promise.then(() => true), isDone]);
  }

  /** Has the service watch the new generation no longer: the change is to be undone. Never rejects. */
  async endProbe(): Promise<void> {
    try {
      await this.#client.endProbe({ id: this.#id });
    } catch (error) {
      // Then it watches to the end, or it is gone, which its result says.
      if (!PeekError.is(error)) throw error;
    }
  }

  /** Resolves when the change has ended there. Never rejects. */
  get result(): Promise<ResultOnService> {
    return this.#result;
  }

  async #follow(request: ServiceChangeInput, onStep: (step: string) => void): Promise<ResultOnService> {
    try {
      const options = { signal: this.#cancel.signal, deadlineMs: stepMs };
      for await (const item of this.#client.change({ ...request, id: this.#id }, options)) {
        if (item.type === "result") return item;
        this.#note(item, onStep);
      }
      return this.#lost("PEER_GONE", `${this.peer.instance} ended the change without a result.`);
    } catch (error) {
      return this.#lost(PeekError.is(error) ? error.code : "INTERNAL", messageOf(error));
    }
  }

  #note(item: Exclude<ChangeProgress, { type: "result" }>, onStep: (step: string) => void): void {
    if (item.type === "prepared") {
      this.prepared = item;
      this.#prepared.resolve();
      return;
    }
    onStep(item.step);
    if (item.step === "probe") this.#replaced.resolve();
  }

  /** Before it was prepared, nothing was stopped; after that, nobody knows. */
  #lost(code: string, message: string): ResultOnService {
    const outcome = this.prepared === undefined ? "refused" : "failed";
    return { type: "result", outcome, restarted: [], ended: [], error: { code, message } };
  }
}

function tooSlow({ instance }: Peer): PeekError {
  return new PeekError("DEADLINE_EXCEEDED", `${instance} has not prepared the change within ${prepareMs / 1000} s.`);
}
