/** A server-sent event. */
export interface SentEvent {
  readonly event: string;
  readonly data: string;
}

/** Reads server-sent events from a response. */
export class EventReader implements AsyncDisposable {
  readonly #reader: ReadableStreamDefaultReader<string> | undefined;
  readonly #events: SentEvent[] = [];
  readonly #waiting: ((event: SentEvent | undefined) => void)[] = [];
  #rest = "";
  #isOver = false;
  /** How many comments have come. */
  comments = 0;

  constructor(response: Response) {
    this.#reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    void this.#read();
  }

  /** The next event; undefined when the stream has ended. */
  next(): Promise<SentEvent | undefined> {
    const event = this.#events.shift();
    if (event !== undefined || this.#isOver) return Promise.resolve(event);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reader?.cancel();
  }

  async #read(): Promise<void> {
    try {
      for (;;) {
        const { done, value } = (await this.#reader?.read()) ?? { done: true, value: undefined };
        if (done) break;
        this.#rest += value;
        const blocks = this.#rest.split("\n\n");
        this.#rest = blocks.pop() ?? "";
        for (const block of blocks) this.#take(block);
      }
    } catch {
      // The connection was closed.
    }
    this.#isOver = true;
    for (const resolve of this.#waiting.splice(0)) resolve(undefined);
  }

  #take(block: string): void {
    const fields = new Map(
      block.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()]),
    );
    const [event, data] = [fields.get("event"), fields.get("data")];
    if (fields.has("")) this.comments += 1;
    if (event === undefined || data === undefined) return;
    const resolve = this.#waiting.shift();
    if (resolve === undefined) this.#events.push({ event, data });
    else resolve({ event, data });
  }
}
