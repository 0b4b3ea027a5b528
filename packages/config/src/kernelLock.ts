import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";

/** The outcome of an attempt: acquired, held by another open file, or not supported by the file system. */
export type LockOutcome = "acquired" | "held" | "unsupported";

/** The mode of a lock: exclusive, or shared, which excludes only exclusive ones. */
export type LockMode = "exclusive" | "shared";

/** The used part of the binding; an offset and length of 0 mean the whole file. */
interface LockBinding {
  tryLock(descriptor: number, offset: number, length: number, isExclusive: boolean): void;
}

/** The exit code of flock(1) when another process holds the lock. */
const flockHeld = 1;

/**
 * Tries to acquire a kernel lock on an open file, without waiting. The lock belongs to the open file description: it is held
 * until all its descriptors are closed, in this process and in processes that inherited them. It is seen by all processes
 * that see the file, in other containers too, and on other machines if the file system supports that.
 *
 * @param descriptor A file that is open for reading and writing.
 * @throws Error with the `code` of the system: `ENOLCK` where the lock server of a network file system does not answer.
 */
export function tryKernelLock(descriptor: number, mode: LockMode): LockOutcome {
  const binding = loadBinding();
  return binding === undefined ? flockProgram(descriptor, mode) : lockBy(binding, descriptor, mode);
}

function lockBy(binding: LockBinding, descriptor: number, mode: LockMode): LockOutcome {
  try {
    binding.tryLock(descriptor, 0, 0, mode === "exclusive");
    return "acquired";
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "EAGAIN" || code === "EACCES") return "held";
    if (code === "ENOSYS" || code === "ENOTSUP" || code === "EOPNOTSUPP" || code === "EINVAL") return "unsupported";
    throw error;
  }
}

/**
 * Loads the binary directly: the package's own loader takes ten milliseconds of a service's start.
 *
 * @returns undefined on systems for which the package has no binary: musl, 32 bits.
 */
function loadBinding(): LockBinding | undefined {
  const { platform, arch } = process;
  const file = `fs-native-extensions/prebuilds/${platform}-${arch}/fs-native-extensions.node`;
  try {
    const loaded: unknown = createRequire(import.meta.url)(file);
    return isBinding(loaded) ? loaded : undefined;
  } catch {
    return undefined;
  }
}

function isBinding(loaded: unknown): loaded is LockBinding {
  return typeof loaded === "object" && loaded !== null && "tryLock" in loaded && typeof loaded.tryLock === "function";
}

/**
 * The same with the program flock of util-linux or BusyBox: it inherits the descriptor of the same open file description, so
 * that the lock remains when the program ends.
 */
export function flockProgram(descriptor: number, mode: LockMode): LockOutcome {
  const args = ["-n", mode === "exclusive" ? "-x" : "-s", "3"];
  const { status } = spawnSync("flock", args, { stdio: ["ignore", "ignore", "ignore", descriptor] });
  if (status === 0) return "acquired";
  return status === flockHeld ? "held" : "unsupported";
}
