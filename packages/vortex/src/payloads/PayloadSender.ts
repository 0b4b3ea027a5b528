import type { Bus } from "@peek/bus";
import { PeekError } from "@peek/errors";
import type { PayloadFilter, PayloadTarget, PeerIdentity, ServiceName } from "@peek/plugin-base";
import { checkData, type TupleType } from "@peek/plugin-base/contracts";
import { checkPeer, checkService } from "../checkServices.ts";
import { writeBody } from "../rpc/frameBodies.ts";
import { maxDeadlineMs } from "../rpc/frames.ts";
import type { PeerDirectory } from "../rpc/PeerDirectory.ts";
import { isAbsence } from "../rpc/rpcErrors.ts";
import { completeFilter } from "./payloadFilter.ts";

/** A payload as a plugin passes it. */
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
    const refusal = `${plugin} cannot send a payload`;
    if (typeof to === "object" && "instance" in to) {
      const peer = checkPeer(to, refusal);
      const frame = frameOf(payload, plugin);
      const send = (): void => this.#bus.send(peer, frame);
      // An earlier payload to the service may be for the same instance, and must arrive first.
      if (this.#directory.isQueueing(peer.service)) await this.#sendWhenListed(peer.service, send);
      else send();
      return;
    }
    const service = checkService(typeof to === "string" ? to : to.all, refusal);
    const frame = frameOf(payload, plugin);
    const send = (): void =>
      typeof to === "string" ? this.#sendToAny(service, frame) : this.#sendToAll(service, frame);
    const { isComplete } = this.#directory.watch(service);
    if (this.#directory.isConnected && !isComplete) await this.#sendWhenListed(service, send);
    else send();
  }

  /** Sends when the list of the service's instances is complete, after all sends that are pending already. */
  async #sendWhenListed(service: ServiceName, send: () => void): Promise<void> {
    const directory = this.#directory;
    const { promise: sent, resolve, reject } = Promise.withResolvers<void>();
    directory.sendWhenReady({
      target: {
        service,
        key: "",
        title: "",
        readiness: () => (directory.isConnected && !directory.watch(service).isComplete ? "pending" : "ready"),
        unavailableError: () => noInstance(service),
        describe: () => "",
      },
      scope: undefined,
      // The wait ends with the list, or with the connection.
      deadlineMs: maxDeadlineMs,
      wait: false,
      signal: undefined,
      send: () => {
        send();
        resolve();
      },
      fail: reject,
    });
    await sent;
  }

  #sendToAny(service: ServiceName, frame: string): void {
    const peers = this.#peers(service);
    const peer = peers[this.#directory.nextIndex(peers.length)];
    if (peer !== undefined) this.#bus.send(peer, frame);
  }

  #sendToAll(service: ServiceName, frame: string): void {
    const errors: unknown[] = [];
    const peers = this.#peers(service);
    for (const peer of peers) {
      try {
        this.#bus.send(peer, frame);
      } catch (error) {
        errors.push(error);
      }
    }
    // An instance that has just left is ignored, unless all have.
    const fatal = errors.length < peers.length ? errors.filter((error) => !isAbsence(error)) : errors;
    if (fatal.length > 0) throw fatal[0];
  }

  #peers(service: ServiceName): readonly PeerIdentity[] {
    const error = this.#directory.connectionError();
    if (error !== undefined) throw error;
    const peers = this.#directory.peers(service);
    if (peers.length > 0) return peers;
    throw noInstance(service);
  }
}

function noInstance(service: ServiceName): PeekError {
  return new PeekError(
    "VORTEX_NOBODY",
    `A payload was not sent: no ${service} service is connected. Start one, or wait for it with presence.waitFor().`,
    { fields: { service } },
  );
}

function frameOf({ filt, tuple, tuples = [] }: OutgoingPayload, plugin: string): string {
  const record = JSON.stringify(completeFilter(filt, plugin));
  if (tuple === undefined) {
    if (tuples.length === 0) return `p${record}\t\t`;
    throw new PeekError("DATA_INVALID", `${plugin} sent a payload with tuples, but without their type. Set tuple.`);
  }
  for (const [index, each] of tuples.entries()) checkData(tuple.schema, each, `tuple ${index} (${tuple.name})`);
  return `p${record}\t${tuple.name}\t${writeBody(tuples, `the tuples (${tuple.name}) of a payload`)}`;
}
