import type { Logger, LogMethod } from "@peek/plugin-base";

const maxLength = 1000;
const maxLinesPerWindow = 100;
const windowMs = 60_000;
/** As many as belong to one message, with those that led to it. */
const recentCount = 20;

/** A line that begins a message: its code, how grave it is, its text. What follows belongs to it. */
const headPattern = /^(?:([0-9A-Z]{5}) )?(DEBUG\d?|LOG|INFO|NOTICE|WARNING|ERROR|FATAL|PANIC): +(.*)$/;

/** What ends single connections and is asked for, or is told to whoever is concerned: no fault of the server. */
const expectedCodes: ReadonlySet<string> = new Set([
  // The server or a client's connection was told to end; the server is not ready yet; no such database.
  "57P01",
  "57P03",
  "3D000",
]);

/** Passes on what one server process writes, and remembers what it may have died of. */
export class ServerLog {
  readonly #logger: Logger;
  readonly #recent: string[] = [];
  #fatal: string | undefined;
  /** Of the message that the lines now belong to. */
  #level: LogMethod = "debug";
  #told = 0;
  #untold = 0;
  #window: NodeJS.Timeout | undefined;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** The last line by which the server gave up. */
  get fatal(): string | undefined {
    return this.#fatal;
  }

  /** The last lines of all. */
  get recent(): string {
    return this.#recent.join("\n");
  }

  /** Takes one line that the server wrote. */
  write(line: string): void {
    if (line.trim() === "") return;
    const [, code = "", severity, head] = headPattern.exec(line) ?? [];
    const text = (head ?? line.trim()).slice(0, maxLength);
    if (severity !== undefined) this.#level = levelOf(severity, code);
    if (severity === "FATAL" || severity === "PANIC") this.#fatal = text;
    this.#recent.push(text);
    if (this.#recent.length > recentCount) this.#recent.shift();
    this.#tell(severity === undefined || severity === "LOG" ? text : `${severity}: ${text}`);
  }

  /** Tells what was held back. There is no further line. */
  end(): void {
    clearTimeout(this.#window);
    this.#closeWindow();
  }

  #tell(text: string): void {
    if (!this.#logger.isLevelEnabled(this.#level)) return;
    // It keeps no process: whoever ends meanwhile tells the rest by end().
    this.#window ??= setTimeout(() => this.#closeWindow(), windowMs).unref();
    if (this.#told === maxLinesPerWindow) this.#untold += 1;
    else {
      this.#told += 1;
      this.#logger[this.#level]("PostgreSQL: %s", text);
    }
  }

  #closeWindow(): void {
    if (this.#untold > 0) {
      this.#logger.warning("PostgreSQL wrote %d more lines within a minute, which are left out", this.#untold);
    }
    this.#window = undefined;
    this.#told = 0;
    this.#untold = 0;
  }
}

function levelOf(severity: string, code: string): LogMethod {
  if (expectedCodes.has(code)) return "debug";
  if (severity === "WARNING" || severity === "ERROR") return "warning";
  return severity === "FATAL" || severity === "PANIC" ? "error" : "debug";
}
