import { PeekError } from "@peek/errors";

/** The limit for the text of a compressed frame. */
const maxBytes = 256 * 1024 * 1024;

/** Decodes the frames of one connection, in order. */
export class FrameReader {
  readonly #read: (text: string) => void;
  readonly #failed: (error: unknown) => void;
  /** The frames after a compressed one that is being decompressed; undefined if there is none. */
  #waiting: unknown[] | undefined;

  /** @param failed Called with an error of `read`, or if a frame is unreadable. */
  constructor(read: (text: string) => void, failed: (error: unknown) => void) {
    this.#read = read;
    this.#failed = failed;
  }

  take(data: unknown): void {
    if (this.#waiting !== undefined) this.#waiting.push(data);
    else if (typeof data === "string") this.#deliver(data);
    else this.#unpack([data]).catch(this.#failed);
  }

  async #unpack(frames: unknown[]): Promise<void> {
    this.#waiting = frames;
    for (let frame = frames.shift(); frame !== undefined; frame = frames.shift()) {
      this.#deliver(typeof frame === "string" ? frame : await gunzip(frame));
    }
    this.#waiting = undefined;
  }

  #deliver(text: string): void {
    try {
      this.#read(text);
    } catch (error) {
      this.#failed(error);
    }
  }
}

async function gunzip(frame: unknown): Promise<string> {
  if (!(frame instanceof ArrayBuffer)) throw unreadable("is neither text nor bytes");
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  let bytes = 0;
  const stream = new Response(frame).body?.pipeThrough(new DecompressionStream("gzip"));
  const reader = stream?.getReader();
  for (let part = await reader?.read(); part?.value !== undefined; part = await reader?.read()) {
    bytes += part.value.length;
    if (bytes > maxBytes) throw unreadable(`is longer than ${maxBytes} bytes`);
    text += decoder.decode(part.value, { stream: true });
  }
  return text + decoder.decode();
}

function unreadable(problem: string): PeekError {
  return new PeekError("DATA_INVALID", `A frame of the service ${problem}. Reload the page to update it.`);
}
