import { PeekError } from "@peek/errors";
import type { PayloadFilter, PayloadTarget, PeerIdentity, ServiceName } from "@peek/plugin-base";
import { checkData, type TupleType } from "@peek/plugin-base/contracts";
import type { Bus } from "@peek/bus";
import { checkPeer, checkService } from "../checkServices.ts";
import { writeBody } from "../rpc/frameBodies.ts";
import { maxDeadlineMs } from "../rpc/frames.ts";
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

  constructor(bus: Bus, directory: PeerDirectory) {
    this.#bus = bus;
    this.#directory = directory;
  }

  /** @throws PeekError as `PluginPayloads.send` */
  async send(payload: OutgoingPayload, to: PayloadTarget, plugin: string): Promise<void> {
    const what = `${plugin} cannot send a payload`;
    if (typeof to === "object" && "instance" in to) {
      const peer = checkPeer(to, what);
      const text = textOf(payload, plugin);
      // What was sent to the service before may be for it.
      if (this.#directory.isQueueing(peer.service)) await this.#turn(peer.service, () => this.#bus.send(peer, text));
      else this.#bus.send(peer, text);
      return;
    }
    const service = checkService(typeof to === "string" ? to : to.all, what);
    const text = textOf(payload, plugin);
    const send = (): void => (typeof to === "string" ? this.#sendToAny(service, text) : this.#sendToAll(service, text));
    const { isComplete } = this.#directory.watch(service);
    if (this.#directory.isConnected && !isComplete) await this.#turn(service, send);
    else send();
  }

  /** Sends once it is known who is there, in turn with all else that waits for that. */
  async #turn(service: ServiceName, send: () => void): Promise<void> {
    const directory = this.#directory;
    const { promise: sent, resolve, reject } = Promise.withResolvers<void>();
    directory.sendLater({
      target: {
        service,
        key: "",
        title: "",
        outlook: () => (directory.isConnected && !directory.watch(service).isComplete ? "stay" : "go"),
        absence: () => nobody(service),
        need: () => "",
      },
      scope: undefined,
      // It ends with the answer, or with the connection.
      deadlineMs: maxDeadlineMs,
      wait: false,
      signal: undefined,
      go: () => {
        send();
        resolve();
      },
      fail: reject,
    });
    await sent;
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
    throw nobody(service);
  }
}

function nobody(service: ServiceName): PeekError {
  return new PeekError(
    "VORTEX_NOBODY",
    `A payload for the ${service} service was not sent: none is connected. Start one, or wait for it with presence.waitFor().`,
    { fields: { service } },
  );
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
