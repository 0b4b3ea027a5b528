import { once } from "node:events";
import { WebSocket } from "ws";
import type { RunningProcess } from "../RunningProcess.ts";

/** The memory of a process after a garbage collection, in MiB. */
export interface CollectedMemory {
  /** The size of its objects. */
  readonly heapUsed: number;
  /** The memory that V8 has reserved for objects. */
  readonly heapTotal: number;
  /** The size of buffers and the like. */
  readonly external: number;
  readonly rss: number;
}

/** The arguments with which a process has to be started for a {@link HeapInspector}. */
export const inspectable: Readonly<Record<string, string>> = { NODE_OPTIONS: "--inspect=127.0.0.1:0" };

/** Makes a process collect its garbage, and measures the rest: a leak remains. */
export class HeapInspector implements Disposable {
  readonly #socket: WebSocket;
  #last = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  static async of(running: RunningProcess): Promise<HeapInspector> {
    const line = await running.waitForError(/Debugger listening on ws:/);
    const socket = new WebSocket(/ws:\S+/.exec(line)?.[0] ?? "");
    await once(socket, "open");
    return new HeapInspector(socket);
  }

  async collected(): Promise<CollectedMemory> {
    await this.#ask("HeapProfiler.collectGarbage", {});
    const expression = "JSON.stringify(process.memoryUsage())";
    const { result } = (await this.#ask("Runtime.evaluate", { expression })) as { result: { value: string } };
    const bytes = JSON.parse(result.value) as CollectedMemory;
    const mib = (part: keyof CollectedMemory): number => Math.round(bytes[part] / 1024 / 1024);
    return { heapUsed: mib("heapUsed"), heapTotal: mib("heapTotal"), external: mib("external"), rss: mib("rss") };
  }

  [Symbol.dispose](): void {
    this.#socket.terminate();
  }

  async #ask(method: string, params: object): Promise<unknown> {
    this.#last += 1;
    const id = this.#last;
    this.#socket.send(JSON.stringify({ id, method, params }));
    for (;;) {
      const [data] = (await once(this.#socket, "message")) as [Buffer];
      const answer = JSON.parse(data.toString()) as { readonly id?: number; readonly result?: unknown };
      if (answer.id === id) return answer.result;
    }
  }
}
