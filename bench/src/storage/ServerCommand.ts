import { readFile, readlink } from "node:fs/promises";
import { dirname, join } from "node:path";

/** The command with which a service has started its embedded server, to start the same server without it. */
export interface ServerCommand {
  /** The folder of PostgreSQL's programs. */
  readonly bin: string;
  /** The arguments of the server's program; some contain the service's folder. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** The folder of the service's database. */
  readonly dir: string;
  /** The command before the programs, so that they do not run as root. */
  readonly prefix: readonly string[];
}

/** @param dir The folder of an embedded database whose server runs. */
export async function commandOfServer(dir: string): Promise<ServerCommand> {
  const [pid = ""] = (await readFile(join(dir, "data", "postmaster.pid"), "utf8")).split("\n");
  const process = `/proc/${pid}`;
  const [program = "", ...args] = await readList(`${process}/cmdline`);
  const environment = await readList(`${process}/environ`);
  const env = Object.fromEntries(environment.map((each) => [each.split("=", 1)[0] ?? "", each.replace(/^[^=]*=/, "")]));
  return { bin: dirname(program), args, env, dir, prefix: await prefixOf(process) };
}

async function prefixOf(process: string): Promise<readonly string[]> {
  const [theirs, ours] = await Promise.all([readlink(`${process}/ns/user`), readlink("/proc/self/ns/user")]);
  return theirs === ours ? [] : ["unshare", "--user", "--map-user=1000", "--map-group=1000"];
}

async function readList(file: string): Promise<readonly string[]> {
  return (await readFile(file, "utf8")).split("\0").slice(0, -1);
}
