import { Buffer } from "node:buffer";
import type { PeerIdentity } from "@peek/plugin-base";
import { FragmentReassembler, type ReassemblyBudget } from "./FragmentReassembler.ts";
import { fragmentsOf, probeFrame } from "./natsFrames.ts";
import type { NatsServerConnection } from "./NatsServerConnection.ts";
import { inboxOf, messageSubject, type NatsAddress } from "./natsSubjects.ts";
import { maxRecordLength } from "./presenceRecord.ts";

/** Messages of one iteration of the event loop are sent in batches of up to this many bytes. */
const fullBatchBytes = 64 * 1024;

/** The budgets of all peers. */
export interface ReassemblyBudgets {
  readonly messages: ReassemblyBudget;
  readonly records: ReassemblyBudget;
}

/** Another process at its present address: the messages queued for it, and the fragments received from it. */
export class NatsPeer {
  readonly address: NatsAddress;
  readonly identity: PeerIdentity;
  /** The subject of its messages to this process. */
  readonly inbound: string;
  /** Reassembles its messages to this process. */
  readonly messages: FragmentReassembler;
  /** Reassembles its presence records. */
  readonly records: FragmentReassembler;
  /** Whether messages were exchanged since the prober last looked. Only the prober resets it. */
  wasUsed = false;
  /** When the prober last found it used; `performance.now()`. */
  usedAt = 0;
  /** Whether messages were ever exchanged. */
  hasExchanged = false;
  /** Whether the prober probes it frequently. */
  isActive = false;
  /** Grows with each use of any peer: the peer with the lowest value is the least recently used. */
  lastUse = 0;
  /** Whether it is queued to be flushed. */
  isFlushQueued = false;
  readonly #connection: NatsServerConnection;
  readonly #subject: string;
  readonly #reply: string;
  readonly #batchBytes: number;
  /** Whether a message since the last {@link probe} has asked the server to report a missing receiver. */
  #wasProbed = false;
  #batch: string[] = [];
  #bytes = 0;

  constructor(connection: NatsServerConnection, self: NatsAddress, address: NatsAddress, budgets: ReassemblyBudgets) {
    this.address = address;
    this.identity = { service: address.service, instance: address.instance };
    this.inbound = messageSubject(self, address);
    this.messages = new FragmentReassembler(budgets.messages);
    this.records = new FragmentReassembler(budgets.records, maxRecordLength);
    this.#connection = connection;
    this.#subject = messageSubject(address, self);
    this.#reply = `${inboxOf(self)}.${address.service}.${address.instance}.${address.connection}`;
    this.#batchBytes = Math.min(fullBatchBytes, connection.maxPayload);
  }

  /** Adds a message to the batch. The batch is sent when it is full, or by {@link flush}. */
  add(message: string): void {
    const bytes = Buffer.byteLength(message) + 1;
    if (this.#bytes + bytes > this.#batchBytes) this.flush();
    this.#batch.push(message);
    this.#bytes += bytes;
    if (this.#bytes >= this.#batchBytes) this.flush();
  }

  /** Sends the batch. */
  flush(): void {
    const [first] = this.#batch;
    if (first === undefined) return;
    const batch = this.#batch;
    const bytes = this.#bytes;
    this.#batch = [];
    this.#bytes = 0;
    const { maxPayload } = this.#connection;
    if (bytes > maxPayload && Buffer.byteLength(first) > maxPayload) {
      // A batch that is too large holds one message only.
      for (const fragment of fragmentsOf(Buffer.from(first), maxPayload)) this.#publish(fragment);
    } else this.#publish(batch.length === 1 ? first : batch.join("\n"));
  }

  /** Makes the server report a missing receiver, unless a message since the last call has done that. */
  probe(): void {
    if (!this.#wasProbed) this.#publish(probeFrame);
    this.#wasProbed = false;
  }

  /** Sends a control frame. */
  sendControl(frame: Uint8Array): void {
    this.#connection.publish(this.#subject, frame);
  }

  #publish(payload: string | Uint8Array): void {
    if (this.#wasProbed) this.#connection.publish(this.#subject, payload);
    else {
      this.#wasProbed = true;
      this.#connection.publish(this.#subject, payload, this.#reply);
    }
  }
}
