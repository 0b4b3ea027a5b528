import { Buffer } from "node:buffer";
import type { PeerIdentity } from "@peek/plugin-base";
import { fragmentsOf, probeFrame } from "./natsFrame.ts";
import type { NatsServerConnection } from "./NatsServerConnection.ts";
import { inboxOf, type NatsAddress, textSubject } from "./natsSubjects.ts";
import { type ReassemblyBudget, FragmentReassembler } from "./FragmentReassembler.ts";
import { maxRecordLength } from "./presenceRecord.ts";

/** Texts of one turn of the event loop go out together, up to this many bytes. */
const fullBatchBytes = 64 * 1024;

/** What is unfinished of all contacts. */
export interface ReassemblyBudgets {
  readonly texts: ReassemblyBudget;
  readonly records: ReassemblyBudget;
}

/** Another process, over the connection that it has: what is sent to it, and what is known of that. */
export class NatsPeer {
  readonly address: NatsAddress;
  readonly identity: PeerIdentity;
  /** The subject of its texts to this process. */
  readonly inbound: string;
  /** Of what it sends to this process. */
  readonly parts: FragmentReassembler;
  /** Of what it tells everybody. */
  readonly records: FragmentReassembler;
  /** Whether texts were exchanged since this was last asked. */
  wasUsed = false;
  /** When texts were last exchanged, as far as it was asked; `performance.now()`. */
  usedAt = 0;
  /** Whether texts were ever exchanged. */
  isKnown = false;
  /** Whether it is among those that are probed often. */
  isActive = false;
  /** Counts with each use: whoever was used last has the highest. */
  lastUse = 0;
  /** Whether somebody sees to it that it is flushed. */
  isWaiting = false;
  readonly #link: NatsServerConnection;
  readonly #subject: string;
  readonly #reply: string;
  readonly #batchBytes: number;
  /** Whether the server was asked lately to tell if there is nobody. */
  #wasProbed = false;
  #texts: string[] = [];
  #bytes = 0;

  constructor(link: NatsServerConnection, self: NatsAddress, address: NatsAddress, held: ReassemblyBudgets) {
    this.address = address;
    this.identity = { service: address.service, instance: address.instance };
    this.inbound = textSubject(self, address);
    this.parts = new FragmentReassembler(held.texts);
    this.records = new FragmentReassembler(held.records, maxRecordLength);
    this.#link = link;
    this.#subject = textSubject(address, self);
    this.#reply = `${inboxOf(self)}.${address.service}.${address.instance}.${address.connection}`;
    this.#batchBytes = Math.min(fullBatchBytes, link.maxPayload);
  }

  /** Puts a text into the next batch, which goes when it is full, or else with {@link flush}. */
  add(text: string): void {
    const bytes = Buffer.byteLength(text) + 1;
    if (this.#bytes + bytes > this.#batchBytes) this.flush();
    this.#texts.push(text);
    this.#bytes += bytes;
    if (this.#bytes >= this.#batchBytes) this.flush();
  }

  /** Sends what there is now. */
  flush(): void {
    const [first] = this.#texts;
    if (first === undefined) return;
    const texts = this.#texts;
    const bytes = this.#bytes;
    this.#texts = [];
    this.#bytes = 0;
    if (bytes > this.#link.maxPayload && Buffer.byteLength(first) > this.#link.maxPayload) {
      // More than one text is never more than a batch.
      for (const part of fragmentsOf(Buffer.from(first), this.#link.maxPayload)) this.#publish(part);
    } else this.#publish(texts.length === 1 ? first : texts.join("\n"));
  }

  /** Has the server tell if there is nobody, unless that was done since this was last called. */
  probe(): void {
    if (!this.#wasProbed) this.#publish(probeFrame);
    this.#wasProbed = false;
  }

  /** Sends something that is no text. */
  tell(frame: Uint8Array): void {
    this.#link.publish(this.#subject, frame);
  }

  #publish(payload: string | Uint8Array): void {
    if (this.#wasProbed) this.#link.publish(this.#subject, payload);
    else {
      this.#wasProbed = true;
      this.#link.publish(this.#subject, payload, this.#reply);
    }
  }
}
