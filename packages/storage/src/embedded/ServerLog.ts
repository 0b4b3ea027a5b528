import type { Logger, LogMethod } from "@peek/plugin-base";

const maxLineLength = 1000;
const maxLinesPerWindow = 100;
const windowMs = 60_000;
/** The number of last lines that are kept: enough for one message and its context. */
const recentCount = 20;

/** The first line of a message: its SQLSTATE, severity and text. Further lines continue it. */
const headPattern = /^(?:([0-9A-Z]{5}) )?(DEBUG\d?|LOG|INFO|NOTICE|WARNING|ERROR|FATAL|PANIC): +(.*)$/;

/** The SQLSTATEs that end single connections as intended, or that the client reports itself. */
const expectedCodes: ReadonlySet<string> = new Set([
  // admin_shutdown, cannot_connect_now, invalid_catalog_name
  "57P01",
  "57P03",
  "3D000",
]);

/** Logs the output of a server process, throttled, and remembers its last lines and fatal message. */
export class ServerLog {
  readonly #logger: Logger;
  readonly #recent: string[] = [];
  #fatal: string | undefined;
  /** The level of the message that is being read. */
  #level: LogMethod = "debug";
  #logged = 0;
  #suppressed = 0;
  #window: NodeJS.Timeout | undefined;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** The last message with the severity FATAL or PANIC. */
  get fatal(): string | undefined {
    return this.#fatal;
  }

  /** The last lines. */
  get recent(): string {
    return this.#recent.join("\n");
  }

  /** Logs a line of the server's output. */
  write(line: string): void {
    if (line.trim() === "") return;
    const [, code = "", severity, head] = headPattern.exec(line) ?? [];
    const text = (head ?? line.trim()).slice(0, maxLineLength);
    if (severity !== undefined) this.#level = levelOf(severity, code);
    if (severity === "FATAL" || severity === "PANIC") this.#fatal = text;
    this.#recent.push(text);
    if (this.#recent.length > recentCount) this.#recent.shift();
    this.#log(severity === undefined || severity === "LOG" ? text : `${severity}: ${text}`);
  }

  /** Logs the number of suppressed lines, after the last line. */
  end(): void {
    clearTimeout(this.#window);
    this.#closeWindow();
  }

  #log(text: string): void {
    if (!this.#logger.isLevelEnabled(this.#level)) return;
    // Does not keep the process alive: end() closes the window too.
    this.#window ??= setTimeout(() => this.#closeWindow(), windowMs).unref();
    if (this.#logged === maxLinesPerWindow) this.#suppressed += 1;
    else {
      this.#logged += 1;
      this.#logger[this.#level]("PostgreSQL: %s", text);
    }
  }

  #closeWindow(): void {
    if (this.#suppressed > 0) {
      this.#logger.warning("Suppressed %d more lines of PostgreSQL within a minute", this.#suppressed);
    }
    this.#window = undefined;
    this.#logged = 0;
    this.#suppressed = 0;
  }
}

function levelOf(severity: string, code: string): LogMethod {
  if (expectedCodes.has(code)) return "debug";
  if (severity === "WARNING" || severity === "ERROR") return "warning";
  return severity === "FATAL" || severity === "PANIC" ? "error" : "debug";
}
