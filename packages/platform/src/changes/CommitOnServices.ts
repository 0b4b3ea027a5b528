import type { PluginRpc } from "@peek/plugin-base";
import type { ChangeTarget } from "./changeTargets.ts";
import type { AdminProgress, ChangeOnService } from "./pluginAdminRpc.ts";
import type { ResultOnService } from "./pluginChangesRpc.ts";
import { RemoteChange } from "./RemoteChange.ts";

/** A change that an instance has prepared. */
export interface PreparedTarget {
  readonly target: ChangeTarget;
  readonly change: RemoteChange;
}

/** Commits prepared changes one after the other, and undoes those that are done when a later one fails. */
export class CommitOnServices {
  readonly #rpc: PluginRpc;
  readonly #tell: (progress: AdminProgress) => void;

  constructor(rpc: PluginRpc, tell: (progress: AdminProgress) => void) {
    this.#rpc = rpc;
    this.#tell = tell;
  }

  /** Begins to prepare a change on an instance. */
  begin({ peer }: ChangeTarget, request: ChangeTarget["change"]): RemoteChange {
    return new RemoteChange(this.#rpc, peer, request, (step) =>
      this.#tell({ type: "step", instance: peer.instance, step }),
    );
  }

  /** @returns The results of those that were begun, and the others, which were cancelled. */
  async commit(prepared: readonly PreparedTarget[]): Promise<{
    readonly services: readonly ChangeOnService[];
    readonly left: readonly PreparedTarget[];
  }> {
    this.#tell({ type: "committing" });
    const results: Promise<readonly [ChangeTarget, ResultOnService]>[] = [];
    const begun: PreparedTarget[] = [];
    const left: PreparedTarget[] = [];
    let hasFailed = false;
    const resultOf = async ({ target, change }: PreparedTarget): Promise<readonly [ChangeTarget, ResultOnService]> => {
      const result = await change.result;
      if (result.outcome === "done") return [target, result];
      hasFailed = true;
      await Promise.all(begun.flatMap((each) => (each.target.undo === undefined ? [] : each.change.endProbe())));
      return [target, result];
    };
    for (const each of prepared) {
      if (hasFailed) {
        each.change.cancel();
        left.push(each);
        continue;
      }
      begun.push(each);
      results.push(resultOf(each));
      const isDone = await each.change.commit();
      // An earlier one may have failed meanwhile.
      hasFailed ||= !isDone;
    }
    const ended = await Promise.all(results);
    const services: ChangeOnService[] = [];
    // Dependencies between services are undone in the reverse order.
    for (const [target, result] of ended.toReversed()) {
      const after = hasFailed && result.outcome === "done" ? await this.#undone(target, result) : result;
      services.unshift(changeOnService(target, after));
    }
    return { services, left };
  }

  async #undone(target: ChangeTarget, done: ResultOnService): Promise<ResultOnService> {
    if (target.undo === undefined) return done;
    const undo = this.begin(target, { ...target.undo, isRevert: true });
    const refusal = await undo.prepare();
    if (refusal === undefined) await undo.commit();
    const { outcome, to, error } = await undo.result;
    if (outcome === "done") {
      const { to: _before, ...rest } = done;
      return { ...rest, ...(to !== undefined && { to }), outcome: "reverted", restarted: [] };
    }
    const message = `It was changed, and could not be changed back: ${error?.message ?? outcome}`;
    return { ...done, outcome: "failed", error: { code: error?.code ?? "INTERNAL", message } };
  }
}

/** The outcome of a change on one instance, for the administrator. */
export function changeOnService(
  { peer: { service, instance } }: Pick<ChangeTarget, "peer">,
  { type: _type, ...result }: ResultOnService,
): ChangeOnService {
  return { service, instance, ...result };
}
