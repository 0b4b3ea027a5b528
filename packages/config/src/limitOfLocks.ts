import { readFileSync, realpathSync } from "node:fs";

/** A line of `/proc/self/mountinfo`, as far as it matters here. */
interface Mount {
  readonly dir: string;
  readonly type: string;
  readonly options: readonly string[];
}

/** File systems whose locks never leave the machine, though the files do. */
const alwaysLocal: ReadonlySet<string> = new Set(["fuse.sshfs", "vboxsf"]);
/** What a mount is told so that its locks stay on the machine. */
const localOptions: Readonly<Record<string, readonly string[]>> = {
  nfs: ["nolock", "local_lock=all", "local_lock=posix"],
  nfs4: ["nolock", "local_lock=all", "local_lock=posix"],
  cifs: ["nobrl"],
  smb3: ["nobrl"],
};

/**
 * What locks on files in a folder do not protect against, as a sentence; undefined when there is nothing to say.
 *
 * @param isKept Whether the kernel took a lock there.
 */
export function limitOfLocks(dir: string, isKept: boolean): string | undefined {
  if (!isKept) {
    return `The file system of ${dir} has no locks. Another container or machine that runs a service on it is not noticed, and would damage the data: see that there is none`;
  }
  const mount = mountOf(dir);
  if (mount === undefined || !isLocal(mount)) return undefined;
  return `Locks on ${mount.dir} (${mount.type}) are known to this machine alone. A service on another machine that uses ${dir} is not noticed, and would damage the data: see that there is none`;
}

/** Whether other machines may have the files and do not see the locks. */
export function isLocal({ type, options }: Mount): boolean {
  return alwaysLocal.has(type) || localOptions[type]?.some((option) => options.includes(option)) === true;
}

function mountOf(dir: string): Mount | undefined {
  try {
    return findMount(readFileSync("/proc/self/mountinfo", "utf8"), realpathSync(dir));
  } catch {
    // Only Linux has this.
    return undefined;
  }
}

/** The mount that a folder is on. */
export function findMount(mountinfo: string, dir: string): Mount | undefined {
  const holding = mountinfo
    .split("\n")
    .flatMap((line) => parseMount(line) ?? [])
    .filter((mount) => mount.dir === "/" || dir === mount.dir || dir.startsWith(`${mount.dir}/`));
  // Of two on the same folder, the later one covers the other.
  return holding.reduce<Mount | undefined>(
    (best, mount) => (best === undefined || mount.dir.length >= best.dir.length ? mount : best),
    undefined,
  );
}

/** proc_pid_mountinfo(5): the number of fields before the dash varies. */
function parseMount(line: string): Mount | undefined {
  const [before = "", after] = line.split(" - ", 2);
  const dir = before.split(" ")[4];
  const [type, , options = ""] = (after ?? "").split(" ");
  if (dir === undefined || type === undefined || type === "") return undefined;
  return { dir: unescaped(dir), type, options: options.split(",") };
}

function unescaped(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
