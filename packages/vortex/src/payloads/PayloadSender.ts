import { PeekError } from "@peek/errors";
import type { PayloadFilter, PayloadTarget, PeerIdentity, ServiceName } from "@peek/plugin-base";
import { checkData, type TupleType } from "@peek/plugin-base/contracts";
import type { Bus } from "../bus/Bus.ts";
import { writeBody } from "../rpc/bodies.ts";
import type { PeerDirectory } from "../rpc/PeerDirectory.ts";
import { isAbsence } from "../rpc/rpcErrors.ts";
import { completeFilter } from "./payloadFilter.ts";

/** A payload as a plugin hands it in. */
export interface OutgoingPayload {
  readonly filt: PayloadFilter;
  readonly tuple?: TupleType<unknown>;
  readonly tuples?: readonly unknown[];
}

/** Sends payloads. */
export class PayloadSender {
  readonly #bus: Bus;
  readonly #directory: PeerDirectory;
  /** The last of those that wait until it is known who is there: who comes after them waits too, so that the order holds. */
  readonly #waiting = new Map<ServiceName, Promise<void>>();

  constructor(bus: Bus, directory: PeerDirectory) {
    this.#bus = bus;
    this.#directory = directory;
  }

  /** @throws PeekError as `PluginPayloads.send` */
  async send(payload: OutgoingPayload, to: PayloadTarget, plugin: string): Promise<void> {
    const text = textOf(payload, plugin);
    if (typeof to === "object" && "instance" in to) {
      this.#bus.send(to, text);
      return;
    }
    const service = typeof to === "string" ? to : to.all;
    const watch = this.#directory.watch(service);
    if (this.#waiting.has(service) || (this.#directory.isConnected && !watch.isComplete)) {
      await this.#turn(service, () => watch.settled);
    }
    if (typeof to === "string") this.#sendToAny(service, text);
    else this.#sendToAll(service, text);
  }

  async #turn(service: ServiceName, settled: () => Promise<void>): Promise<void> {
    const before = this.#waiting.get(service);
    const turn = (async () => {
      await before;
      await settled();
    })();
    this.#waiting.set(service, turn);
    await turn;
    if (this.#waiting.get(service) === turn) this.#waiting.delete(service);
  }

  #sendToAny(service: ServiceName, text: string): void {
    const peers = this.#peers(service);
    const peer = peers[this.#directory.turn(peers.length)];
    if (peer !== undefined) this.#bus.send(peer, text);
  }

  #sendToAll(service: ServiceName, text: string): void {
    const failures: unknown[] = [];
    const peers = this.#peers(service);
    for (const peer of peers) {
      try {
        this.#bus.send(peer, text);
      } catch (error) {
        failures.push(error);
      }
    }
    // One that has just gone is none of all, as long as there is another.
    const fatal = failures.length < peers.length ? failures.filter((error) => !isAbsence(error)) : failures;
    if (fatal.length > 0) throw fatal[0];
  }

  #peers(service: ServiceName): readonly PeerIdentity[] {
    const obstacle = this.#directory.obstacle();
    if (obstacle !== undefined) throw obstacle;
    const peers = this.#directory.peers(service);
    if (peers.length > 0) return peers;
    throw new PeekError(
      "VORTEX_NOBODY",
      `A payload for the ${service} service was not sent: none is connected. Start one, or wait for it with presence.waitFor().`,
      { fields: { service } },
    );
  }
}

function textOf({ filt, tuple, tuples = [] }: OutgoingPayload, plugin: string): string {
  const record = JSON.stringify(completeFilter(filt, plugin));
  if (tuple === undefined) {
    if (tuples.length === 0) return `p${record}\t\t`;
    throw new PeekError("DATA_INVALID", `${plugin} sends tuples in a payload without saying of which type they are.`);
  }
  for (const [index, each] of tuples.entries()) checkData(tuple.schema, each, `tuple ${index} (${tuple.name})`);
  return `p${record}\t${tuple.name}\t${writeBody(tuples, `the tuples (${tuple.name}) of a payload`)}`;
}
