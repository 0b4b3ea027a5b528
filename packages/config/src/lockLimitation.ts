import { readFileSync, realpathSync } from "node:fs";

/** The relevant fields of a line in `/proc/self/mountinfo`. */
interface Mount {
  readonly dir: string;
  readonly type: string;
  readonly options: readonly string[];
}

/** File systems that share files, but not locks, with other machines. */
const alwaysLocal: ReadonlySet<string> = new Set(["fuse.sshfs", "vboxsf"]);
/** The mount options that keep locks on the machine. */
const localOptions: Readonly<Record<string, readonly string[]>> = {
  nfs: ["nolock", "local_lock=all", "local_lock=posix"],
  nfs4: ["nolock", "local_lock=all", "local_lock=posix"],
  cifs: ["nobrl"],
  smb3: ["nobrl"],
};

/**
 * The limitation of file locks in a folder, as a sentence; undefined without one.
 *
 * @param isSupported Whether the kernel could lock a file there.
 */
export function lockLimitation(dir: string, isSupported: boolean): string | undefined {
  if (!isSupported) {
    return `The file system of ${dir} has no locks. Peek cannot notice another container or machine that runs a service on it and would damage the data: make sure that there is none`;
  }
  const mount = mountOf(dir);
  if (mount === undefined || !isLocal(mount)) return undefined;
  return `Only this machine sees locks on ${mount.dir} (${mount.type}). Peek cannot notice a service on another machine that uses ${dir} and would damage the data: make sure that there is none`;
}

/** Whether other machines may see the files but not the locks. */
export function isLocal({ type, options }: Mount): boolean {
  return alwaysLocal.has(type) || localOptions[type]?.some((option) => options.includes(option)) === true;
}

function mountOf(dir: string): Mount | undefined {
  try {
    return findMount(readFileSync("/proc/self/mountinfo", "utf8"), realpathSync(dir));
  } catch {
    // Only Linux has this file.
    return undefined;
  }
}

/** The mount that contains a folder. */
export function findMount(mountinfo: string, dir: string): Mount | undefined {
  const holding = mountinfo
    .split("\n")
    .flatMap((line) => parseMount(line) ?? [])
    .filter((mount) => mount.dir === "/" || dir === mount.dir || dir.startsWith(`${mount.dir}/`));
  // Of two mounts on the same folder, the later one hides the other.
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
