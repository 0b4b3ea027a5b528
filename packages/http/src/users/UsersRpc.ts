import { PeekError } from "@peek/errors";
import type { PeekUser, PeerIdentity, PluginRpc } from "@peek/plugin-base";
import { defineRpc, type RpcContract } from "@peek/plugin-base/contracts";
import { z } from "zod";
import { maxKnown } from "../sessions/cookies.ts";
import type { UserDesk } from "./UserDesk.ts";
import type { KnownSession, UserSource } from "./UserSource.ts";

/** So many sessions are asked for by one call. */
export const maxHashes = 1000;
/** How long a gateway waits for logic; milliseconds. */
const deadlineMs = 10_000;

const word = z.string().max(1000);
const hash = z.string().max(100);
const user: z.ZodType<PeekUser, PeekUser> = z.object({
  id: z.string().min(1).max(200),
  name: z.string().max(200),
  groups: z.array(z.string().max(200)).max(1000).readonly(),
  anonymous: z.boolean(),
});
const loginInput = z.object({
  name: word,
  password: word,
  device: word,
  address: word,
  /** What the browser was given at logins before. */
  known: z.array(word).max(maxKnown),
});
const loginOutput = z.discriminatedUnion("ok", [
  z.object({ ok: z.literal(true), session: word, user, known: word }),
  z.object({ ok: z.literal(false), reason: z.enum(["refused", "busy"]) }),
]);
const validateInput = z.object({ sessions: z.array(hash).max(maxHashes) });
const known: z.ZodType<KnownSession | null, KnownSession | null> = z.object({ user, device: word }).nullable();
const logoutInput = z.object({ session: hash });

type UsersProcedures = {
  readonly login: { readonly input: typeof loginInput; readonly output: typeof loginOutput };
  readonly validate: { readonly input: typeof validateInput; readonly output: z.ZodArray<typeof known> };
  readonly logout: { readonly input: typeof logoutInput };
};

/** How field and office have users log in with logic. Sessions are named by the hashes of their ids. */
export const UsersRpc: RpcContract<UsersProcedures> = defineRpc("peek_core_platform.Users", {
  login: { input: loginInput, output: loginOutput },
  /** For each session, in order; null where it is good no more. */
  validate: { input: validateInput, output: z.array(known).max(maxHashes) },
  logout: { input: logoutInput },
});

/** Lets field and office use what logic knows of users: each its own sessions, whatever it says. */
export function serveUsers(rpc: PluginRpc, desk: UserDesk): AsyncDisposable {
  return rpc.serve(
    UsersRpc,
    {
      login: async (credentials, { from }) => {
        const outcome = await sourceFor(desk, from).login({ ...credentials, isOwnMachine: false });
        if (outcome.ok) return outcome;
        return { ok: false as const, reason: outcome.reason === "refused" ? ("refused" as const) : ("busy" as const) };
      },
      validate: async ({ sessions }, { from }) => [...(await sourceFor(desk, from).validate(sessions))],
      logout: async ({ session }, { from }) => await sourceFor(desk, from).logout(session),
    },
    { acceptOnlyFrom: ["field", "office"] },
  );
}

function sourceFor(desk: UserDesk, { service, instance }: PeerIdentity): UserSource {
  if (service === "field" || service === "office") return desk.at(service, instance);
  throw new PeekError("FORBIDDEN", `${service} has no site whose users log in.`);
}

/** What logic knows of users, as field and office ask it. */
export function remoteUsers(rpc: PluginRpc): UserSource {
  const logic = rpc.client(UsersRpc, { to: "logic", deadlineMs });
  return {
    login: ({ name, password, device, address, known }) =>
      logic.login({ name, password, device, address, known: [...known] }),
    validate: (hashes) => logic.validate({ sessions: [...hashes] }),
    logout: (session) => logic.logout({ session }),
  };
}
