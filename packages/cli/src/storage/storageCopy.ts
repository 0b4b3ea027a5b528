import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { serviceConfigSchema } from "@peek/config";
import { PeekError } from "@peek/errors";
import { maskSecrets } from "@peek/logging";
import { copyDatabase, type CopyReport, type TableProgress } from "@peek/storage/copy";
import { confirm } from "./confirm.ts";
import { interruptible } from "./interruptible.ts";
import { inUnits } from "./inUnits.ts";
import { LocalStorage } from "./LocalStorage.ts";

/** The target that is not a URL: the embedded database of logic. */
const embedded = "embedded";

/** `peek storage copy` */
export async function storageCopy(target: string, without: readonly string[], yes: boolean): Promise<void> {
  const local = new LocalStorage();
  const connectUrl = target === embedded ? undefined : checkUrl(target);
  if (!local.exists) throw new PeekError("STORAGE_COPY_REFUSED", `${local.absence} Nothing was copied.`);
  if (connectUrl === undefined && local.config.storage.connectUrl === undefined) {
    throw new PeekError("USAGE", "The database of logic is already the embedded one. Name another target.");
  }
  const question = `The database of logic will be copied to ${nameOfTarget(target)}, which has to be empty.`;
  if (!(await confirm(question, yes))) {
    console.log("Nothing was copied.");
    return;
  }
  await interruptible(async (signal) => {
    const report = await copy(local, connectUrl, without, signal);
    printReport(local, target, report);
  });
}

async function copy(
  local: LocalStorage,
  connectUrl: string | undefined,
  without: readonly string[],
  signal: AbortSignal,
): Promise<CopyReport> {
  const { plugins, unusable } = local.enabledPlugins();
  for (const [name, error] of unusable) console.error(`peek: ${name}: ${error.message}`);
  await using held = new AsyncDisposableStack();
  const options = { title: "peek storage copy", migrations: "await", plugins, signal } as const;
  const source = await local.openAlone(options, held, "");
  const { config, ...rest } = local.optionsOf(options, "start");
  const { connectUrl: _, ...others } = config;
  const isNew = connectUrl === undefined && !existsSync(rest.embeddedDir);
  try {
    const targetConfig = connectUrl === undefined ? others : { ...others, connectUrl };
    return await copyDatabase({ source, target: { ...rest, config: targetConfig }, without, onTable: printProgress });
  } catch (error) {
    // The embedded database was created for the copy, and is empty, unless the connection was lost during the commit.
    const isCopied = PeekError.is(error) && error.code === "STORAGE_COMMIT_UNKNOWN";
    if (isNew && !isCopied) await rm(rest.embeddedDir, { recursive: true, force: true });
    throw error;
  }
}

/** @throws PeekError `USAGE`, without the URL, since it may contain a password. */
function checkUrl(url: string): string {
  const checked = serviceConfigSchema.shape.storage.safeParse({ connectUrl: url });
  if (checked.success) return url;
  const reason = checked.error.issues.map(({ message }) => message).join("; ");
  throw new PeekError("USAGE", `The target database has to be ${reason}, or ${embedded}.`);
}

function nameOfTarget(target: string): string {
  return target === embedded ? "the embedded database" : maskSecrets(target);
}

function printProgress({ schema, name, rows, bytes }: TableProgress): void {
  console.log(`${schema}.${name}: ${counted(rows, "row")}, ${inUnits(bytes)}`);
}

function printReport(local: LocalStorage, target: string, { plugins, tables, rows, bytes, ...to }: CopyReport): void {
  const what = [counted(plugins.length, "plugin"), counted(tables, "table"), counted(rows, "row"), inUnits(bytes)];
  console.log(`Copied ${what.join(", ")} to ${to.target}. The source is unchanged.`);
  console.log("Next, configure logic, and workers on other machines, to use the copy; then start them:");
  console.log(
    target === embedded
      ? `  remove storage.connectUrl from ${local.service.home.configFile}`
      : `  peek config set logic storage.connectUrl '${maskSecrets(target)}'`,
  );
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
