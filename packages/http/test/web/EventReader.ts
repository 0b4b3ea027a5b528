import { type WebEvent, webEventSchema, webPaths } from "@peek/web/protocol";
import { WebSocket } from "ws";

/** Reads the events of a site. */
export class EventReader implements Disposable {
  readonly #socket: WebSocket;
  readonly #events: WebEvent[] = [];
  readonly #waiting: ((event: WebEvent | undefined) => void)[] = [];
  #isOver = false;
  /** How many beats have come. */
  beats = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data: Buffer) => this.#take(webEventSchema.parse(JSON.parse(data.toString()))));
    socket.on("close", () => {
      this.#isOver = true;
      for (const resolve of this.#waiting.splice(0)) resolve(undefined);
    });
  }

  /** Connects to a site. @returns The status of the answer instead, when it refuses the connection. */
  static async connect(
    origin: string,
    headers: Readonly<Record<string, string>>,
    autoPong = true,
  ): Promise<EventReader | number> {
    const url = `${origin.replace("http", "ws")}${webPaths.events}`;
    const socket = new WebSocket(url, { headers: { origin, ...headers }, autoPong });
    const reader = new EventReader(socket);
    return await new Promise((resolve, reject) => {
      socket.once("open", () => resolve(reader));
      socket.once("unexpected-response", (request, response) => {
        request.destroy();
        resolve(response.statusCode ?? 0);
      });
      socket.on("error", reject);
    });
  }

  /** The next event but beats; undefined when the connection has ended. */
  next(): Promise<WebEvent | undefined> {
    const event = this.#events.shift();
    if (event !== undefined || this.#isOver) return Promise.resolve(event);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Sends a text, which no browser does. */
  send(text: string): void {
    this.#socket.send(text);
  }

  [Symbol.dispose](): void {
    this.#socket.terminate();
  }

  #take(event: WebEvent): void {
    if (event.event === "beat") {
      this.beats += 1;
      return;
    }
    const resolve = this.#waiting.shift();
    if (resolve === undefined) this.#events.push(event);
    else resolve(event);
  }
}
