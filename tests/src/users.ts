import { join } from "node:path";
import { runToEnd } from "./RunningProcess.ts";
import { workspaceDir } from "./workspace.ts";

/** Makes a user by `peek user add`, with the password on standard input. */
export async function addUser(base: string, name: string, password: string): Promise<void> {
  const command = join(workspaceDir, "packages", "cli", "bin", "peek");
  const { ending, stderr } = await runToEnd("/bin/sh", {
    args: ["-c", 'printf "%s\\n" "$1" | "$2" user add "$3"', "sh", password, command, name],
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
