import { Buffer } from "node:buffer";
import type { BusMember } from "../Bus.ts";
import { fragmentsOf, presenceFrame } from "./natsFrames.ts";
import type { NatsPresence } from "./NatsPresence.ts";
import type { NatsServerConnection } from "./NatsServerConnection.ts";
import { addressIn, messageSubject, type NatsAddress, presenceSubject } from "./natsSubjects.ts";
import type { PresenceRecord } from "./presenceRecord.ts";

/** This process, as a {@link NatsAnnouncer} describes it. */
export interface AnnouncedProcess {
  readonly member: BusMember;
  readonly presence: NatsPresence;
  /** Returns the contracts that this process serves now. */
  serves(): readonly string[];
}

/** Sends the presence record of this process to its peers. An observer sends none. */
export class NatsAnnouncer {
  readonly #connection: NatsServerConnection;
  readonly #self: NatsAddress;
  readonly #process: AnnouncedProcess;
  readonly #isObserver: boolean;
  #record = Buffer.alloc(0);
  #connectedSince = "";
  #hasJoined = false;

  constructor(connection: NatsServerConnection, self: NatsAddress, process: AnnouncedProcess) {
    this.#connection = connection;
    this.#self = self;
    this.#process = process;
    this.#isObserver = process.member.observer === true;
  }

  /**
   * Subscribes to presence queries, and publishes that this process has not joined: tries all operations that need a permission.
   *
   * @param onInvalid Called with the subject of an invalid query.
   */
  listen(onInvalid: (subject: string) => void): void {
    if (this.#isObserver) return;
    this.#connection.subscribe(`peek.who.${this.#self.service}.*.*.*`, ({ subject }) => {
      const from = addressIn(subject);
      if (from === undefined) onInvalid(subject);
      else this.#answer(from);
    });
    this.#publishAbsence();
  }

  /** Joins: from now on, records are published and queries answered. */
  join(): void {
    this.#hasJoined = true;
    this.#connectedSince = new Date().toISOString();
  }

  /** Publishes the present record, if this process has joined. */
  announce(): void {
    if (!this.#hasJoined || this.#isObserver) return;
    const record: PresenceRecord = { ...this.#description(), address: this.#connection.localAddress };
    this.#record = Buffer.from(JSON.stringify(record));
    this.repeat();
    this.putSelf();
  }

  /** Publishes the last record again: a heartbeat. */
  repeat(): void {
    if (!this.#isObserver) this.#publish(presenceSubject(this.#self), this.#record);
  }

  /** Leaves: peers are notified. */
  leave(): void {
    if (this.#hasJoined && !this.#isObserver) this.#publishAbsence();
  }

  /** Adds this process to the known peers. */
  putSelf(): void {
    if (this.#isObserver) return;
    const { service, instance } = this.#self;
    this.#process.presence.putSelf({ service, instance, ...this.#description(), address: "local" });
  }

  #answer(from: NatsAddress): void {
    // Its own query is answered even before it has joined: the answer starts the quiet period of the query.
    const isSelf = from.instance === this.#self.instance;
    if (this.#hasJoined || isSelf) this.#publish(messageSubject(from, this.#self), presenceFrame(this.#record));
  }

  #publishAbsence(): void {
    this.#connection.publish(presenceSubject(this.#self), "");
  }

  #description(): Omit<PresenceRecord, "address"> {
    const { version, since } = this.#process.member;
    return { version, since, connectedSince: this.#connectedSince, serves: [...this.#process.serves()].sort() };
  }

  /** Publishes data that may exceed the size of a NATS message. */
  #publish(subject: string, data: Uint8Array): void {
    const { maxPayload } = this.#connection;
    for (const frame of data.length > maxPayload ? fragmentsOf(data, maxPayload) : [data]) {
      this.#connection.publish(subject, frame);
    }
  }
}
