import { PeekError } from "@peek/errors";
import type { PeekUser, PeerIdentity, PluginRpc } from "@peek/plugin-base";
import { defineRpc, type RpcContract } from "@peek/plugin-base/contracts";
import { z } from "zod";
import { maxDeviceTokens } from "../sessions/cookies.ts";
import type { UserAuthenticator } from "./UserAuthenticator.ts";
import type { ValidSession, AuthenticationBackend } from "./AuthenticationBackend.ts";

/** How many sessions one call validates. */
export const maxHashes = 1000;
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
  /** The device tokens that the browser got at earlier logins. */
  known: z.array(word).max(maxDeviceTokens),
});
const loginOutput = z.discriminatedUnion("ok", [
  z.object({ ok: z.literal(true), session: word, user, known: word }),
  z.object({ ok: z.literal(false), reason: z.enum(["refused", "busy"]) }),
]);
const validateInput = z.object({ sessions: z.array(hash).max(maxHashes) });
const known: z.ZodType<ValidSession | null, ValidSession | null> = z.object({ user, device: word }).nullable();
const logoutInput = z.object({ session: hash });

type UsersProcedures = {
  readonly login: { readonly input: typeof loginInput; readonly output: typeof loginOutput };
  readonly validate: { readonly input: typeof validateInput; readonly output: z.ZodArray<typeof known> };
  readonly logout: { readonly input: typeof logoutInput };
};

/** The calls by which field and office authenticate users on logic. Sessions are identified by the hashes of their ids. */
export const UsersRpc: RpcContract<UsersProcedures> = defineRpc("peek_core_platform.Users", {
  login: { input: loginInput, output: loginOutput },
  /** One result for each session, in order; null for an ended one. */
  validate: { input: validateInput, output: z.array(known).max(maxHashes) },
  logout: { input: logoutInput },
});

/** Serves the authentication on logic to field and office. Each of them has access to the sessions of its own site only. */
export function serveAuthentication(rpc: PluginRpc, authenticator: UserAuthenticator): AsyncDisposable {
  return rpc.serve(
    UsersRpc,
    {
      login: async ({ known, ...credentials }, { from }) => {
        const backend = backendFor(authenticator, from);
        const result = await backend.login({ ...credentials, deviceTokens: known, isLocal: false });
        if (result.ok)
          return { ok: true as const, session: result.session, user: result.user, known: result.deviceToken };
        return { ok: false as const, reason: result.reason === "refused" ? ("refused" as const) : ("busy" as const) };
      },
      validate: async ({ sessions }, { from }) => [...(await backendFor(authenticator, from).validate(sessions))],
      logout: async ({ session }, { from }) => await backendFor(authenticator, from).logout(session),
    },
    { acceptOnlyFrom: ["field", "office"] },
  );
}

function backendFor(authenticator: UserAuthenticator, { service, instance }: PeerIdentity): AuthenticationBackend {
  if (service === "field" || service === "office") return authenticator.backendFor(service, instance);
  throw new PeekError("FORBIDDEN", `${service} has no site on which users log in.`);
}

/** The backend of field and office: it calls logic. */
export function remoteBackend(rpc: PluginRpc): AuthenticationBackend {
  const logic = rpc.client(UsersRpc, { to: "logic", deadlineMs });
  return {
    login: async ({ name, password, device, address, deviceTokens }) => {
      const result = await logic.login({ name, password, device, address, known: [...deviceTokens] });
      return result.ok
        ? { ok: true, session: result.session, user: result.user, deviceToken: result.known }
        : { ok: false, reason: result.reason };
    },
    validate: (hashes) => logic.validate({ sessions: [...hashes] }),
    logout: (session) => logic.logout({ session }),
  };
}
