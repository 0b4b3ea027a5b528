import { join } from "node:path";
import { runToEnd } from "./RunningProcess.ts";
import { workspaceDir } from "./workspace.ts";

/** Makes a user by `peek user add`, with the password on standard input. @param groups The groups of the user. Default: none. */
export async function addUser(
  base: string,
  name: string,
  password: string,
  groups: readonly string[] = [],
): Promise<void> {
  const command = join(workspaceDir, "packages", "cli", "bin", "peek");
  const { ending, stderr } = await runToEnd("/bin/sh", {
    args: [
      "-c",
      'password=$1; shift; printf "%s\\n" "$password" | "$@"',
      "sh",
      password,
      command,
      "user",
      "add",
      name,
      ...groups.flatMap((group) => ["--group", group]),
    ],
    env: { PEEK_HOME: base },
  });
  if (ending.code !== 0) throw new Error(`peek user add ${name} failed: ${stderr}`);
}

/** Logs in like a program. Returns the cookies of the session. */
export async function logIn(origin: string, name: string, password: string): Promise<string> {
  const response = await fetch(`${origin}/peek/login`, {
    method: "POST",
    headers: { "content-type": "application/json", origin },
    body: JSON.stringify({ name, password }),
  });
  if (!response.ok) throw new Error(`The login of ${name} was refused: ${response.status} ${await response.text()}`);
  return response.headers
    .getSetCookie()
    .map((cookie) => cookie.split(";", 1)[0])
    .join("; ");
}
