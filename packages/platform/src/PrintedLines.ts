import { StringDecoder } from "node:string_decoder";
import { stripVTControlCharacters } from "node:util";
import type { Logger } from "@peek/plugin-base";

/** What {@link PrintedLines} needs of the service. */
export interface PrintedLinesOptions {
  /** The plugin that prints, by the stack of an error that is made there. */
  readonly pluginAtFault: (error: Error) => string | undefined;
  /** The logger of what a plugin has printed, or somebody who is not known. */
  readonly loggerOf: (plugin: string | undefined) => Logger;
}

/**
 * Makes log lines of what is printed by `console` and to the streams of the process: each line with the plugin's name,
 * in the log's format, to where the log goes. Nobody who prints meets a console that is gone. Undone on disposal.
 */
export class PrintedLines implements Disposable {
  readonly #owned = new DisposableStack();

  constructor(options: PrintedLinesOptions) {
    this.#owned.use(new Capture(process.stdout, "info", options));
    this.#owned.use(new Capture(process.stderr, "warning", options));
  }

  [Symbol.dispose](): void {
    this.#owned.dispose();
  }
}

/** A line that does not end is one after so many characters. */
const maxLineLength = 64 * 1024;

class Capture implements Disposable {
  readonly #stream: NodeJS.WriteStream;
  readonly #level: "info" | "warning";
  readonly #options: PrintedLinesOptions;
  readonly #decoder = new StringDecoder();
  readonly #before: PropertyDescriptor | undefined;
  /** A line of which the end is still to come. */
  #begun = "";

  constructor(stream: NodeJS.WriteStream, level: "info" | "warning", options: PrintedLinesOptions) {
    this.#stream = stream;
    this.#level = level;
    this.#options = options;
    this.#before = Object.getOwnPropertyDescriptor(stream, "write");
    stream.on("error", ignore);
    Object.defineProperty(stream, "write", { value: this.#write, configurable: true, writable: true });
  }

  [Symbol.dispose](): void {
    if (this.#before === undefined) Reflect.deleteProperty(this.#stream, "write");
    else Object.defineProperty(this.#stream, "write", this.#before);
    if (this.#begun !== "") this.#tell([this.#begun]);
    this.#stream.off("error", ignore);
  }

  readonly #write = (chunk: string | Uint8Array, encoding?: unknown, callback?: unknown): boolean => {
    this.#add(typeof chunk === "string" ? textOf(chunk, encoding) : this.#decoder.write(Buffer.from(chunk)));
    const done = typeof encoding === "function" ? encoding : callback;
    if (typeof done === "function") process.nextTick(() => void Reflect.apply(done, undefined, []));
    return true;
  };

  #add(text: string): void {
    const lines = `${this.#begun}${text}`.split("\n");
    this.#begun = lines.pop() ?? "";
    if (this.#begun.length >= maxLineLength) {
      lines.push(this.#begun);
      this.#begun = "";
    }
    if (lines.length > 0) this.#tell(lines);
  }

  #tell(lines: readonly string[]): void {
    const logger = this.#options.loggerOf(this.#options.pluginAtFault(new Error("the stack of who prints")));
    for (const line of lines) logger[this.#level]("%s", stripVTControlCharacters(line).trimEnd());
  }
}

function textOf(chunk: string, encoding: unknown): string {
  const isOther = typeof encoding === "string" && Buffer.isEncoding(encoding) && !/^utf-?8$/i.test(encoding);
  return isOther ? String(Buffer.from(chunk, encoding)) : chunk;
}

/** There is nobody to tell; what is printed goes another way. */
function ignore(): void {
  // See above.
}
