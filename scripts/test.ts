// `pnpm test`: builds, then runs the static checks and the tests of all packages as Turbo tasks, and prints the sum of the
// counts: `N passed, N failed`. A package whose code, dependencies and tests have not changed since its tests passed is not
// tested again; `pnpm test --force` runs all, and so does CI. Further arguments are Turbo's: `pnpm test --filter @peek/storage`.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import pg from "pg";
import { countsFile, type TestCounts } from "./TestCounts.ts";

const workspaceDir = dirname(import.meta.dirname);

/** The folders of packages that have a script `test`. */
function testedFolders(): readonly string[] {
  const nested = ["packages", "plugins"].flatMap((folder) =>
    readdirSync(join(workspaceDir, folder)).map((name) => join(folder, name)),
  );
  return [...nested, "tests"].filter((folder) => existsSync(join(workspaceDir, folder, "package.json")));
}

/** Runs a program, and resolves with whether it succeeded. */
async function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<boolean> {
  const child = spawn(command, args, {
    cwd: workspaceDir,
    stdio: "inherit",
    env: { ...process.env, PEEK_TEST_MACHINE: machine, TMPDIR: temporary, ...env },
  });
  const [code]: (number | null)[] = await once(child, "exit");
  return code === 0;
}

/** Limits the test processes of one run of vitest. */
function workers(count: number): NodeJS.ProcessEnv {
  return { PEEK_TEST_WORKERS: String(count) };
}

const checks = ["//#typecheck", "//#lint"];

/**
 * Runs the tests of the commands at the same time as those of the packages: the former mostly wait for processes that they started,
 * and take longest.
 */
async function runChanged(): Promise<boolean> {
  const options = ["--continue", "--env-mode=loose", "--output-logs=new-only", ...args];
  if (isFiltered) return run("turbo", ["run", "test", ...checks, "--concurrency=1", ...options], forced);
  // More processes than the machine can execute only delay each other, until tests exceed their limits.
  const packages = availableParallelism() > 2 ? 2 : 1;
  const concurrency = ["--filter=!tests", `--concurrency=${packages}`];
  const results = await Promise.all([
    run("turbo", ["run", "test", "--filter=tests", ...options], workers(3)),
    run("turbo", ["run", "test", ...checks, ...concurrency, ...options], workers(2)),
  ]);
  return results.every(Boolean);
}

/** Runs all tests in one run of vitest, which starts once instead of once for each package. */
async function runAll(): Promise<boolean> {
  const results = await Promise.all([
    run("vitest", ["run"], { ...workers(availableParallelism() + 2), PEEK_TEST_COUNTS: allTests }),
    run("turbo", ["run", ...checks, "--concurrency=1", "--continue", "--env-mode=loose", ...args]),
  ]);
  return results.every(Boolean);
}

function readCounts(folder: string): TestCounts | undefined {
  const file = join(workspaceDir, folder, countsFile);
  if (!existsSync(file)) return undefined;
  const counts: TestCounts = JSON.parse(readFileSync(file, "utf8"));
  return counts;
}

/** The programs and servers that some tests need, and are skipped without: a cached result is valid only with the same ones. */
async function describeMachine(): Promise<string> {
  const programs = ["chromium", "faketime", "nats-server", "openssl", "pgbouncer"].filter(isInstalled);
  const version = await postgresqlVersion();
  return [...programs, ...(version === undefined ? [] : [`postgresql ${version}`])].join();
}

function isInstalled(program: string): boolean {
  try {
    execFileSync("which", [program], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** The version of the server of the tests that need a given one. Undefined: none answers. */
async function postgresqlVersion(): Promise<string | undefined> {
  const connectionString = process.env["PEEK_TEST_POSTGRESQL"] ?? "postgresql://postgres@127.0.0.1:5432/postgres";
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 3000 });
  try {
    await client.connect();
    const { rows } = await client.query<{ server_version: string }>("SHOW server_version");
    return rows[0]?.server_version;
  } catch {
    return undefined;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Memory as a file system: databases that a test creates and drops cost a quarter of the processor time there. */
const memoryFolder = "/dev/shm";
const neededBytes = 6 * 1024 ** 3;

/** Where tests keep their temporary files: in memory where there is room enough. */
async function temporaryFolder(): Promise<string> {
  if (process.env["TMPDIR"] !== undefined) return tmpdir();
  try {
    const { bavail, bsize } = await statfs(memoryFolder);
    return bavail * bsize >= neededBytes ? memoryFolder : tmpdir();
  } catch {
    return tmpdir();
  }
}

/** The folder of the counts of a run of all tests. */
const allTests = "node_modules/.cache/all-tests";

const temporary = await temporaryFolder();
const machine = await describeMachine();
// CI has no results of before.
const isForced = process.argv.includes("--force") || process.env["CI"] !== undefined;
const args = process.argv.slice(2).filter((each) => each !== "--force");
const isFiltered = args.some((each) => each.startsWith("--filter") || each.startsWith("-F"));
// Turbo's own --force would also build again, in two processes at a time.
const forced: NodeJS.ProcessEnv = isForced ? { PEEK_TEST_RUN: String(Date.now()) } : {};
const countedFolders = [...testedFolders(), allTests];
for (const folder of countedFolders) rmSync(join(workspaceDir, folder, countsFile), { force: true });

const isBuilt = await run("turbo", ["run", "build", "--output-logs=errors-only"]);
const isPassed = isBuilt && (await (isForced && !isFiltered ? runAll() : runChanged()));

const counts = countedFolders.map(readCounts).filter((each) => each !== undefined);
const sum = (key: keyof TestCounts): number => counts.reduce((total, each) => total + each[key], 0);
// A task that failed otherwise, such as the build or a static check, counts as one failure.
const failed = Math.max(sum("failed"), isPassed ? 0 : 1);
const skipped = sum("skipped");
console.log(`\n${sum("passed")} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exitCode = failed === 0 ? 0 : 1;
