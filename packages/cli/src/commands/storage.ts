import { Command } from "commander";
import { jsonOption } from "../arguments.ts";
import { secretArgument } from "../secretArgument.ts";

// What does the work is imported when it is asked for: the clients of PostgreSQL take longer than any other command.

/** `peek storage`: the database of the logic service on this machine. */
export function storageCommand(): Command {
  return new Command("storage")
    .description("look at the database of logic on this machine, migrate it, and copy it to another server")
    .addCommand(statusCommand())
    .addCommand(migrateCommand())
    .addCommand(rollbackCommand())
    .addCommand(copyCommand());
}

function statusCommand(): Command {
  return new Command("status")
    .description("tell where the database is, and how each plugin's schema stands; nothing is changed")
    .option("--start", "start the embedded database for it while logic does not run; a start writes its files", false)
    .addOption(jsonOption())
    .action(async (options: { readonly json: boolean; readonly start: boolean }) => {
      const { storageStatus } = await import("../storage/storageStatus.ts");
      await storageStatus(options);
    });
}

function migrateCommand(): Command {
  return new Command("migrate")
    .description("apply the migrations that are pending, as logic does when it starts; logic must not run")
    .argument("[plugin...]", "only these plugins; default: all that are enabled")
    .option("--dry-run", "try them, print their SQL, and take all of it back", false)
    .action(async (names: readonly string[], { dryRun }: { readonly dryRun: boolean }) => {
      const { storageMigrate } = await import("../storage/storageMigrate.ts");
      await storageMigrate(names, dryRun);
    });
}

function rollbackCommand(): Command {
  return new Command("rollback")
    .description("take back a plugin's last migration, and what is in the tables that it made; logic must not run")
    .argument("<plugin>", "the plugin, such as peek_plugin_tutorial")
    .option("--to <migration>", "take back all after this one instead: its name or its number, 0 for all")
    .option("--edited", "take back also one that was edited since it was applied, by the down() that it has now", false)
    .option("--yes", "do not ask", false)
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
      "copy all that the plugins have in the database to another, empty one, of any version; logic and worker must not run",
    )
    .argument(
      "<url>",
      "postgresql://user:password@host:5432/database, or - to read that from standard input; or embedded, for logic's own on this machine",
    )
    .option(
      "--without <plugins...>",
      "leave the schemas of these plugins out; peek_tasks: tasks that wait or have failed",
    )
    .option("--yes", "do not ask", false)
    .action(async (url: string, options: { readonly without?: readonly string[]; readonly yes: boolean }) => {
      const { storageCopy } = await import("../storage/storageCopy.ts");
      await storageCopy(await secretArgument(url), options.without ?? [], options.yes);
    });
}
