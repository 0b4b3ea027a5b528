import { existsSync } from "node:fs";
import { serviceHome } from "@peek/config";
import { PeekError } from "@peek/errors";
import { type ListedUser, UserStore } from "@peek/http/users";
import { Command } from "commander";
import { jsonOption } from "../arguments.ts";
import { askNewPassword } from "../askPassword.ts";
import { printJson, printTable } from "../output.ts";

/** `peek user`: the users who log in on field, office and the admin site. */
export function userCommand(): Command {
  return new Command("user")
    .description(
      "create, list and change the users who can log in; logic on this machine has them, and does not have to be restarted",
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

const nameHelp = "the name of the user, in upper or lower case";

function addCommand(): Command {
  return new Command("add")
    .description("create a user; the password is asked for, or is the first line of standard input")
    .argument("<name>", "1 to 100 letters, digits, and . _ @ -")
    .option(
      "-g, --group <group>",
      "a group of the user, such as admin; may be given more than once",
      (group, before: readonly string[]) => [...before, group],
      [],
    )
    .action(async (name: string, { group }: { readonly group: readonly string[] }) => {
      const users = logicUsers();
      // Before the password is asked for.
      users.requireAbsent(name);
      warnWithoutLogic();
      await users.add(name, await askNewPassword(name), group);
      console.log(`added ${name}${group.length === 0 ? "" : `, in ${group.join(", ")}`}`);
    });
}

/** Users are created on logic's machine: elsewhere, logic would not know them. */
function warnWithoutLogic(): void {
  const { dir } = serviceHome("logic");
  if (existsSync(dir)) return;
  console.error(`peek: logic has no home here yet: creating ${dir}. Is this the machine on which logic runs?`);
}

function passwdCommand(): Command {
  return new Command("passwd")
    .description("change the password of a user, and end the user's sessions")
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
    .description("change the name of a user, who keeps all data and stays logged in")
    .argument("<name>", nameHelp)
    .argument("<new name>", "1 to 100 letters, digits, and . _ @ -")
    .action((given: string, next: string) => {
      const users = logicUsers();
      const name = users.requirePresent(given);
      users.rename(name, next);
      console.log(`renamed ${name} to ${next}`);
    });
}

function groupsCommand(): Command {
  return new Command("groups")
    .description("replace the groups of a user; the user's pages reconnect by themselves")
    .argument("<name>", nameHelp)
    .argument("[groups...]", "all groups of the user, such as admin")
    .option("--none", "remove the user from all groups")
    .action((given: string, groups: readonly string[], { none = false }: { readonly none?: boolean }) => {
      if (none === groups.length > 0) throw new PeekError("USAGE", "Name the groups or give --none, not both.");
      const users = logicUsers();
      const name = users.requirePresent(given);
      const now = users.setGroups(name, groups);
      console.log(`${name} is ${now.length === 0 ? "in no group" : `in ${now.join(", ")}`}`);
    });
}

function listCommand(): Command {
  return new Command("list")
    .description("list all users")
    .addOption(jsonOption())
    .action(({ json }: { readonly json: boolean }) => {
      const users = logicUsers().list();
      if (json) printJson(users);
      else if (users.length === 0) console.log("There are no users. Create one with peek user add.");
      else printUsers(users);
    });
}

function printUsers(users: readonly ListedUser[]): void {
  printTable([
    ["NAME", "GROUPS", "CREATED", "STATE", "ID"],
    ...users.map(({ id, name, groups, made, state }) => [name, groups.join(",") || "-", made, state, id]),
  ]);
}

function enableCommand(verb: "enable" | "disable", isEnabled: boolean): Command {
  return new Command(verb)
    .description(
      isEnabled ? "allow a user to log in again" : "prevent a user from logging in, and end the user's sessions",
    )
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
    .description("delete a user, and end the user's sessions; a later user of the same name is a different user")
    .argument("<name>", nameHelp)
    .action((given: string) => {
      const users = logicUsers();
      const name = users.requirePresent(given);
      users.remove(name);
      console.log(`removed ${name}`);
    });
}

/** The users of logic on this machine, which need not be running. */
function logicUsers(): UserStore {
  return new UserStore(serviceHome("logic"));
}
