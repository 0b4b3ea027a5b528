import { Command } from "commander";
import { jsonOption } from "../arguments.ts";
import { secretArgument } from "../secretArgument.ts";

// The implementations are imported on demand: importing the clients of PostgreSQL takes longer than other commands run.

/** `peek storage`: the database of the logic service on this machine. */
export function storageCommand(): Command {
  return new Command("storage")
    .description("show, migrate and copy the database of logic on this machine")
    .addCommand(statusCommand())
    .addCommand(migrateCommand())
    .addCommand(rollbackCommand())
    .addCommand(copyCommand());
}

function statusCommand(): Command {
  return new Command("status")
    .description("show where the database is, and the state of each plugin's schema; nothing is changed")
    .option("--start", "start the embedded database if logic does not run; a start writes to its files", false)
    .addOption(jsonOption())
    .action(async (options: { readonly json: boolean; readonly start: boolean }) => {
      const { storageStatus } = await import("../storage/storageStatus.ts");
      await storageStatus(options);
    });
}

function migrateCommand(): Command {
  return new Command("migrate")
    .description("apply the pending migrations, as logic does when it starts; logic must not run")
    .argument("[plugin...]", "only these plugins; default: all enabled plugins")
    .option("--dry-run", "try the migrations, print their SQL, and undo them", false)
    .action(async (names: readonly string[], { dryRun }: { readonly dryRun: boolean }) => {
      const { storageMigrate } = await import("../storage/storageMigrate.ts");
      await storageMigrate(names, dryRun);
    });
}

function rollbackCommand(): Command {
  return new Command("rollback")
    .description("undo the last migration of a plugin, with the data of the tables that it created; logic must not run")
    .argument("<plugin>", "the plugin, such as peek_plugin_tutorial")
    .option("--to <migration>", "undo all migrations after this one instead: its name or number; 0 for all")
    .option(
      "--edited",
      "also undo migrations that were edited after they had been applied, with their present down()",
      false,
    )
    .option("--yes", "do not ask for confirmation", false)
    .action(
      async (
        name: string,
        options: { readonly to?: string; readonly edited: boolean; readonly yes: boolean },
      ): Promise<void> => {
        const { storageRollback } = await import("../storage/storageRollback.ts");
        await storageRollback(name, options);
      },
    );
}

function copyCommand(): Command {
  return new Command("copy")
    .description(
      "copy the data of all plugins to another, empty database of any version; logic and worker must not run",
    )
    .argument(
      "<url>",
      "postgresql://user:password@host:5432/database, or - to read the URL from standard input; or embedded, for the embedded database of logic on this machine",
    )
    .option("--without <plugins...>", "do not copy the schemas of these plugins; peek_tasks: waiting and failed tasks")
    .option("--yes", "do not ask for confirmation", false)
    .action(async (url: string, options: { readonly without?: readonly string[]; readonly yes: boolean }) => {
      const { storageCopy } = await import("../storage/storageCopy.ts");
      await storageCopy(await secretArgument(url), options.without ?? [], options.yes);
    });
}
