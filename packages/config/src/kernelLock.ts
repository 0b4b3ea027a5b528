import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";

/** What came of asking for a lock: it is this open file's now, it is another's, or the file system has no locks. */
export type LockOutcome = "taken" | "held" | "unsupported";

/** Which lock is asked for: one that nobody shares, or one that only shuts out those. */
export type LockMode = "exclusive" | "shared";

/** The part of the binding that is used; offset and length of 0 are the whole file. */
interface LockBinding {
  tryLock(descriptor: number, offset: number, length: number, isExclusive: boolean): void;
}

/** What flock(1) exits with when another has the lock. */
const flockHeld = 1;

/**
 * Asks the kernel for a lock on an open file, and does not wait. The kernel keeps it for the open file description: until
 * all descriptors of it are closed, in this process and in those that inherited it, however they end. It is the same for
 * all processes that see the file, in whatever container, and on other machines as far as the file system has such locks.
 *
 * @param descriptor Of a file that is open for reading and writing.
 * @throws Error with the `code` of the system: `ENOLCK` where the lock server of a network file system does not answer.
 */
export function tryKernelLock(descriptor: number, mode: LockMode): LockOutcome {
  const binding = loadBinding();
  return binding === undefined ? flockProgram(descriptor, mode) : lockBy(binding, descriptor, mode);
}

function lockBy(binding: LockBinding, descriptor: number, mode: LockMode): LockOutcome {
  try {
    binding.tryLock(descriptor, 0, 0, mode === "exclusive");
    return "taken";
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "EAGAIN" || code === "EACCES") return "held";
    if (code === "ENOSYS" || code === "ENOTSUP" || code === "EOPNOTSUPP" || code === "EINVAL") return "unsupported";
    throw error;
  }
}

/**
 * The package's own way to its binary takes ten milliseconds, more than a service's start has for it.
 *
 * @returns undefined on systems for which the package has none: musl, 32 bits.
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
 * The same by the program that Linux distributions have, util-linux's or BusyBox's: the descriptor that it inherits is of
 * the same open file, so that the lock stays when the program ends.
 */
export function flockProgram(descriptor: number, mode: LockMode): LockOutcome {
  const args = ["-n", mode === "exclusive" ? "-x" : "-s", "3"];
  const { status } = spawnSync("flock", args, { stdio: ["ignore", "ignore", "ignore", descriptor] });
  if (status === 0) return "taken";
  return status === flockHeld ? "held" : "unsupported";
}
