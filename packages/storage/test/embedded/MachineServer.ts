import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, globSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";

const library = ["x86_64", "aarch64"]
  .map((machine) => `/usr/lib/${machine}-linux-gnu/faketime/libfaketime.so.1`)
  .find((file) => existsSync(file));
const programs = globSync("/usr/lib/postgresql/*/bin").toSorted().at(-1);

/** Whether this machine lacks the programs of PostgreSQL (Debian's package postgresql). */
export const noMachineServer: boolean = programs === undefined;
/** Whether this machine lacks those programs or faketime (Debian's package faketime). */
export const noMachineClock: boolean = noMachineServer || library === undefined;

/** The account of the machine's servers, which refuse to run as root. */
export function serverAccount(): { readonly uid?: number; readonly gid?: number } {
  const idOf = (flag: string): number => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
  return process.getuid?.() === 0 ? { uid: idOf("-u"), gid: idOf("-g") } : {};
}

/** A PostgreSQL server of the machine's own programs without passwords, whose clock can be set while it runs. */
export class MachineServer implements AsyncDisposable {
  readonly #dir: string;
  readonly #stop: () => Promise<void>;

  private constructor(dir: string, stop: () => Promise<void>) {
    this.#dir = dir;
    this.#stop = stop;
  }

  static async start(): Promise<MachineServer> {
    const dir = realpathSync(mkdtempSync(join(tmpdir(), "peek-")));
    const clock = join(dir, "clock");
    writeFileSync(clock, "+0");
    const account = serverAccount();
    if (account.uid !== undefined && account.gid !== undefined) chownSync(dir, account.uid, account.gid);
    const data = join(dir, "data");
    const bin = programs ?? "";
    execFileSync(join(bin, "initdb"), ["-D", data, "-A", "trust", "-U", "postgres", "--no-sync"], {
      ...account,
      cwd: dir,
    });
    const settings = ["listen_addresses=", `unix_socket_directories=${dir}`, "fsync=off"].flatMap((each) => [
      "-c",
      each,
    ]);
    const child = spawn(join(bin, "postgres"), ["-D", data, ...settings], {
      ...account,
      cwd: dir,
      stdio: "ignore",
      env: {
        LD_PRELOAD: library,
        FAKETIME_TIMESTAMP_FILE: clock,
        FAKETIME_NO_CACHE: "1",
        FAKETIME_DONT_FAKE_MONOTONIC: "1",
      },
    });
    const ended = once(child, "exit");
    const server = new MachineServer(dir, async () => {
      child.kill("SIGINT");
      await ended;
      rmSync(dir, { recursive: true, force: true });
    });
    let answered = false;
    while (!answered && child.exitCode === null) {
      answered = await server.query("postgres", "SELECT").then(
        () => true,
        () => false,
      );
    }
    return server;
  }

  /** The folder of its socket. */
  get host(): string {
    return this.#dir;
  }

  urlOf(database: string): string {
    return `postgresql://postgres@/${database}?host=${encodeURIComponent(this.#dir)}`;
  }

  /** Sets the offset of its clock, in seconds: `+90`. */
  setClock(offset: string): void {
    writeFileSync(join(this.#dir, "clock"), offset);
  }

  /** Runs SQL. @returns The rows of the last statement. */
  async query(database: string, sql: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const client = new pg.Client({ connectionString: this.urlOf(database) });
    await client.connect();
    try {
      const result: pg.QueryResult | readonly pg.QueryResult[] = await client.query(sql);
      return (Array.isArray(result) ? result.at(-1) : result)?.rows ?? [];
    } finally {
      await client.end();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stop();
  }
}
