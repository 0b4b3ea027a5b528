import type { ClientMessage, Resume } from "@peek/live-protocol";

/** The first and the longest delay of a retry, and the delay after a refusal that seldom changes soon. */
const firstRetryMs = 1000;
const longestRetryMs = 30_000;
const refusedRetryMs = 60_000;
/** How long actions wait for the service to confirm the subscription. */
const confirmationMs = 2000;

/** The services of the client that a subscription uses. */
export interface ServerSubscriptionHost {
  /** Whether there is a connection. */
  isOpen(): boolean;
  nextId(): number;
  send(message: ClientMessage): void;
}

/** The subscription of one channel at the service; it is requested again on each connection, and after failures with backoff. */
export class ServerSubscription implements Disposable {
  readonly #sel: string;
  readonly #host: ServerSubscriptionHost;
  readonly #resume: () => Resume | undefined;
  #isReady = false;
  #id: number | undefined;
  #number: number | undefined;
  #isAnswered = false;
  #failures = 0;
  #confirmationEnd = performance.now() + confirmationMs;
  #retry: ReturnType<typeof setTimeout> | undefined;

  /** @param resume The position to resume from, read at each request. */
  constructor(sel: string, host: ServerSubscriptionHost, resume: () => Resume | undefined) {
    this.#sel = sel;
    this.#host = host;
    this.#resume = resume;
  }

  /** The client's number of the subscription; undefined while it is not requested. */
  get id(): number | undefined {
    return this.#id;
  }

  /** The service's number of the channel; undefined until the service has confirmed the subscription. */
  get number(): number | undefined {
    return this.#number;
  }

  /** Whether the service has sent the channel's state since the subscription was requested or logic was reached again. */
  get isAnswered(): boolean {
    return this.#isAnswered;
  }

  /** Whether the service has to send the channel's state next. */
  get isUnanswered(): boolean {
    return this.#id !== undefined && !this.#isAnswered;
  }

  /** Whether the service will probably confirm the subscription within moments. */
  get isAwaited(): boolean {
    const isRequested = !this.#isReady || this.#id !== undefined;
    return isRequested && this.#number === undefined && performance.now() < this.#confirmationEnd;
  }

  /** Allows requests from now on: it is known from which position to resume. */
  start(): void {
    this.#isReady = true;
    this.request();
  }

  /** Requests the subscription if there is a connection and it was not requested on it. */
  request(): void {
    if (!this.#host.isOpen() || this.#id !== undefined) return;
    this.#confirmationEnd = performance.now() + confirmationMs;
    if (!this.#isReady) return;
    clearTimeout(this.#retry);
    this.#id = this.#host.nextId();
    const at = this.#resume();
    this.#host.send({ t: "sub", id: this.#id, sel: this.#sel, ...(at !== undefined && { at }) });
  }

  /** The service has confirmed the subscription. */
  confirmed(number: number): void {
    this.#number = number;
  }

  /** The service has sent the channel's state. */
  answered(): void {
    this.#isAnswered = true;
    this.#failures = 0;
  }

  /** The state that was sent does not count any more: logic was lost or reached again. */
  expire(): void {
    this.#isAnswered = false;
  }

  /** The service or the connection has ended the subscription. */
  ended(): void {
    clearTimeout(this.#retry);
    this.#id = undefined;
    this.#number = undefined;
    this.#isAnswered = false;
  }

  /** Ends the subscription at the service. */
  close(): void {
    if (this.#id !== undefined && this.#host.isOpen()) this.#host.send({ t: "unsub", id: this.#id });
    this.ended();
  }

  /** As {@link ended}; requests are allowed again after {@link start}. */
  stop(): void {
    this.ended();
    this.#isReady = false;
  }

  /** Requests the subscription again after a delay. @param isRefused Whether the service refused it, rather than failed. */
  retryLater(isRefused: boolean): void {
    const delayMs = isRefused ? refusedRetryMs : Math.min(longestRetryMs, firstRetryMs * 2 ** this.#failures);
    this.#failures += 1;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.request(), delayMs * (0.5 + Math.random() / 2));
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
