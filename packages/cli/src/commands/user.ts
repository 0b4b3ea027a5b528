import { existsSync } from "node:fs";
import { serviceHome } from "@peek/config";
import { PeekError } from "@peek/errors";
import { type ListedUser, UserStore } from "@peek/http/users";
import { Command } from "commander";
import { jsonOption } from "../arguments.ts";
import { askNewPassword } from "../askPassword.ts";
import { printJson, printTable } from "../output.ts";

/** `peek user`: who logs in on field, office and the admin site. */
export function userCommand(): Command {
  return new Command("user")
    .description(
      "make, list and change the users who log in; logic on this machine keeps them, and need not be started again",
    )
    .addCommand(addCommand())
    .addCommand(passwdCommand())
    .addCommand(renameCommand())
    .addCommand(groupsCommand())
    .addCommand(listCommand())
    .addCommand(enableCommand("enable", true))
    .addCommand(enableCommand("disable", false))
    .addCommand(removeCommand());
}

const nameHelp = "the user's name, in letters of either case";

function addCommand(): Command {
  return new Command("add")
    .description("make a user; the password is asked for, or is the first line of standard input")
    .argument("<name>", "1 to 100 letters, digits, and . _ @ -")
    .option(
      "-g, --group <group>",
      "what the user belongs to, such as admin; may be given more than once",
      (group, before: readonly string[]) => [...before, group],
      [],
    )
    .action(async (name: string, { group }: { readonly group: readonly string[] }) => {
      const users = logicUsers();
      // Before somebody thinks of a password.
      users.requireAbsent(name);
      warnWithoutLogic();
      await users.add(name, await askNewPassword(name), group);
      console.log(`added ${name}${group.length === 0 ? "" : `, in ${group.join(", ")}`}`);
    });
}

/** Users are kept where logic is: elsewhere, they are of use to nobody. */
function warnWithoutLogic(): void {
  const { dir } = serviceHome("logic");
  if (existsSync(dir)) return;
  console.error(`peek: logic has no home here yet: ${dir} is made. Is this the machine on which logic runs?`);
}

function passwdCommand(): Command {
  return new Command("passwd")
    .description("give a user another password, and end the user's sessions")
    .argument("<name>", nameHelp)
    .action(async (given: string) => {
      const users = logicUsers();
      const name = users.requirePresent(given);
      await users.setPassword(name, await askNewPassword(name));
      console.log(`changed the password of ${name}, who has to log in again`);
    });
}

function renameCommand(): Command {
  return new Command("rename")
    .description("give a user another name; all that is the user's stays so, and the user stays logged in")
    .argument("<name>", nameHelp)
    .argument("<new name>", "1 to 100 letters, digits, and . _ @ -")
    .action((given: string, next: string) => {
      const users = logicUsers();
      const name = users.requirePresent(given);
      users.rename(name, next);
      console.log(`${name} is ${next} now`);
    });
}

function groupsCommand(): Command {
  return new Command("groups")
    .description(
      "say what groups a user belongs to, in place of those before; the user's pages connect again by themselves",
    )
    .argument("<name>", nameHelp)
    .argument("[groups...]", "all of them, such as admin")
    .option("--none", "the user belongs to no group")
    .action((given: string, groups: readonly string[], { none = false }: { readonly none?: boolean }) => {
      if (none === groups.length > 0) throw new PeekError("USAGE", "Name the groups, or give --none, and not both.");
      const users = logicUsers();
      const name = users.requirePresent(given);
      const now = users.setGroups(name, groups);
      console.log(`${name} is ${now.length === 0 ? "in no group" : `in ${now.join(", ")}`}`);
    });
}

function listCommand(): Command {
  return new Command("list")
    .description("list the users there are")
    .addOption(jsonOption())
    .action(({ json }: { readonly json: boolean }) => {
      const users = logicUsers().list();
      if (json) printJson(users);
      else if (users.length === 0) console.log("There is no user. Make one with peek user add.");
      else printUsers(users);
    });
}

function printUsers(users: readonly ListedUser[]): void {
  printTable([
    ["NAME", "GROUPS", "MADE", "STATE", "ID"],
    ...users.map(({ id, name, groups, made, state }) => [name, groups.join(",") || "-", made, state, id]),
  ]);
}

function enableCommand(verb: "enable" | "disable", isEnabled: boolean): Command {
  return new Command(verb)
    .description(isEnabled ? "let a user log in again" : "let a user log in no more, and end the user's sessions")
    .argument("<name>", nameHelp)
    .action((given: string) => {
      const users = logicUsers();
      const name = users.requirePresent(given);
      users.setEnabled(name, isEnabled);
      console.log(`${verb}d ${name}`);
    });
}

function removeCommand(): Command {
  return new Command("remove")
    .description("forget a user, and end the user's sessions; whoever gets the name later is somebody else")
    .argument("<name>", nameHelp)
    .action((given: string) => {
      const users = logicUsers();
      const name = users.requirePresent(given);
      users.remove(name);
      console.log(`removed ${name}`);
    });
}

/** Those of logic on this machine, whether it runs or not. */
function logicUsers(): UserStore {
  return new UserStore(serviceHome("logic"));
}
