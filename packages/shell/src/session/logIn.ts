import { z } from "zod";

const answerSchema = z.object({ user: z.object({ id: z.string(), name: z.string() }) });
const refusalSchema = z.object({ message: z.string() });

/** The result of a login: the user, or why it has failed. */
export type LoginResult =
  | { readonly ok: true; readonly user: { readonly id: string; readonly name: string } }
  /** `message`: in the words of the site; undefined if it cannot be reached. */
  | { readonly ok: false; readonly message: string | undefined };

/** Logs a user in at the site of the page. */
export async function logIn(name: string, password: string): Promise<LoginResult> {
  try {
    const response = await fetch("/peek/login", {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify({ name, password }),
    });
    const body: unknown = await response.json();
    if (response.ok) return { ok: true, user: answerSchema.parse(body).user };
    const refusal = refusalSchema.safeParse(body);
    return { ok: false, message: refusal.success ? refusal.data.message : undefined };
  } catch {
    return { ok: false, message: undefined };
  }
}

/** Logs the user out, and opens the login page. */
export async function logOut(): Promise<void> {
  await fetch("/peek/logout", { method: "POST", headers: { accept: "application/json" } }).catch(() => undefined);
  location.assign("/");
}
