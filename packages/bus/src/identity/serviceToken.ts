import { dirname } from "node:path";
import { type ServiceConfig, type ServiceHome, siblingHome } from "@peek/config";
import { messageOf, PeekError } from "@peek/errors";
import type { ServiceName } from "@peek/plugin-base";
import { isThisMachine } from "./isThisMachine.ts";
import { localTokenFile, readLocalToken } from "./localTokens.ts";
import { parseToken, type Token } from "./Token.ts";

/** The token that a service proves with who it is, or that there is none. */
export type ServiceToken =
  | {
      readonly text: string;
      /** Where it is from, in words: `dataExchange.token in /home/peek/peek-agent-service.home/config.json`. */
      readonly origin: string;
    }
  | {
      readonly text?: undefined;
      /** Why there is none and what to do, as a sentence. */
      readonly missing: string;
    };

/** Of which service the token is looked for. */
export interface ServiceTokenOptions {
  readonly service: ServiceName;
  readonly config: ServiceConfig;
  /** Of the service. */
  readonly home: ServiceHome;
}

/**
 * The token of a service: that of `dataExchange.token`, or the one that logic made on this machine. The latter only where
 * `dataExchange.host` is this machine: what opens one logic is not sent to another.
 *
 * @throws PeekError `CONFIG_INVALID` when `dataExchange.token` is none, or for another service.
 * @throws PeekError `TOKENS_UNUSABLE` when the one that logic made cannot be read.
 */
export function serviceToken({ config, home, service }: ServiceTokenOptions): ServiceToken {
  const { token, host } = config.dataExchange;
  if (token !== undefined) {
    checkToken(token, service, home);
    return { text: token, origin: `dataExchange.token in ${home.configFile}` };
  }
  const create = `peek token create ${service} on logic's machine, then peek config set ${service} dataExchange.token - on this one`;
  if (!isThisMachine(host)) {
    return { missing: `${service} has no token for logic on ${host}: ${create}.` };
  }
  const file = localTokenFile(siblingHome(home, "logic"), service);
  const text = readLocalToken(dirname(home.dir), service);
  return text === undefined
    ? {
        missing: `${file} is not there yet: logic makes it when it first starts. If logic has another home: ${create}.`,
      }
    : { text, origin: file };
}

function checkToken(text: string, service: ServiceName, home: ServiceHome): void {
  const where = `dataExchange.token in ${home.configFile}`;
  const cure = `Make one with peek token create ${service} on logic's machine, and set it with peek config set ${service} dataExchange.token -`;
  const found = parsed(text, where, cure);
  if (found.service === service) return;
  throw new PeekError(
    "CONFIG_INVALID",
    `${where} is a token for ${found.service} (id ${found.id}), and this is ${service}. ${cure}`,
    { fields: { file: home.configFile, id: found.id } },
  );
}

function parsed(text: string, where: string, cure: string): Token {
  try {
    return parseToken(text);
  } catch (cause) {
    throw new PeekError("CONFIG_INVALID", `${where}: ${messageOf(cause)} ${cure}`, { cause });
  }
}
