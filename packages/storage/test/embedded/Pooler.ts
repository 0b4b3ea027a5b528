import { spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type MachineServer, noMachineServer, serverAccount } from "./MachineServer.ts";

const program = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer", "/opt/homebrew/bin/pgbouncer"].find((file) =>
  existsSync(file),
);

/** Whether this machine lacks PgBouncer or a server for it. */
export const noPooler: boolean = program === undefined || noMachineServer;

/** A PgBouncer between a storage and a server, configured as documented for logins by password. */
export class Pooler implements AsyncDisposable {
  readonly #dir: string;
  readonly connectUrl: string;
  readonly #stop: () => Promise<void>;

  private constructor(dir: string, connectUrl: string, stop: () => Promise<void>) {
    this.#dir = dir;
    this.connectUrl = connectUrl;
    this.#stop = stop;
  }

  /** @param settings Lines of pgbouncer.ini. */
  static async start({ host }: MachineServer, settings: readonly string[]): Promise<Pooler> {
    const dir = realpathSync(mkdtempSync(join(tmpdir(), "peek-")));
    const ini = join(dir, "pgbouncer.ini");
    const users = join(dir, "users.txt");
    writeFileSync(users, `"postgres" "secret"\n`);
    writeFileSync(
      ini,
      [
        "[databases]",
        `postgres = host=${host}`,
        "[pgbouncer]",
        "listen_addr =",
        "listen_port = 6432",
        `unix_socket_dir = ${dir}`,
        "auth_type = scram-sha-256",
        `auth_file = ${users}`,
        "auth_user = postgres",
        "auth_query = SELECT usename, passwd FROM pg_catalog.pg_shadow WHERE usename = $1",
        ...settings,
        "",
      ].join("\n"),
    );
    const account = serverAccount();
    for (const file of [dir, ini, users]) {
      if (account.uid !== undefined && account.gid !== undefined) chownSync(file, account.uid, account.gid);
    }
    const child = spawn(program ?? "", [ini], { ...account, cwd: dir, stdio: "ignore" });
    const ended = once(child, "exit");
    const pooler = new Pooler(
      dir,
      `postgresql://postgres:secret@/postgres?host=${encodeURIComponent(dir)}&port=6432`,
      async () => {
        child.kill("SIGTERM");
        await ended;
        rmSync(dir, { recursive: true, force: true });
      },
    );
    while (child.exitCode === null && !(await pooler.#listens()));
    return pooler;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stop();
  }

  #listens(): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const socket = connect(join(this.#dir, ".s.PGSQL.6432"));
    socket.once("connect", () => resolve(true));
    socket.once("error", () => resolve(false));
    return promise.finally(() => socket.destroy());
  }
}
