import { dirname } from "node:path";
import { type ServiceConfig, type ServiceHome, siblingHome } from "@peek/config";
import { messageOf, PeekError } from "@peek/errors";
import type { ServiceName } from "@peek/plugin-base";
import { isThisMachine } from "./isThisMachine.ts";
import { localTokenFile, readLocalToken } from "./localTokens.ts";
import { parseToken, type Token } from "./Token.ts";

/** The token of a service, or the reason why there is none. */
export type ServiceToken =
  | {
      readonly text: string;
      /** The source of the token: `dataExchange.token in /home/peek/peek-agent-service.home/config.json`. */
      readonly origin: string;
    }
  | {
      readonly text?: undefined;
      /** Why there is none and what to do, as a sentence. */
      readonly missing: string;
    };

/** The service whose token to find. */
export interface ServiceTokenOptions {
  readonly service: ServiceName;
  readonly config: ServiceConfig;
  /** The home of the service. */
  readonly home: ServiceHome;
}

/**
 * Finds the token of a service: `dataExchange.token`, or else the token that logic made on this machine. The latter only when
 * `dataExchange.host` is this machine: the token of one logic must not be sent to another.
 *
 * @throws PeekError `CONFIG_INVALID` when `dataExchange.token` is malformed, or for another service.
 * @throws PeekError `TOKENS_UNUSABLE` when the token that logic made cannot be read.
 */
export function serviceToken({ config, home, service }: ServiceTokenOptions): ServiceToken {
  const { token, host } = config.dataExchange;
  if (token !== undefined) {
    checkToken(token, service, home);
    return { text: token, origin: `dataExchange.token in ${home.configFile}` };
  }
  const advice = `run peek token create ${service} on logic's machine, then peek config set ${service} dataExchange.token - on this one`;
  if (!isThisMachine(host)) {
    return { missing: `${service} has no token for logic on ${host}: ${advice}.` };
  }
  const file = localTokenFile(siblingHome(home, "logic"), service);
  const text = readLocalToken(dirname(home.dir), service);
  return text === undefined
    ? {
        missing: `${file} does not exist yet: logic makes it when it first starts. If logic has another home: ${advice}.`,
      }
    : { text, origin: file };
}

function checkToken(text: string, service: ServiceName, home: ServiceHome): void {
  const origin = `dataExchange.token in ${home.configFile}`;
  const advice = `Make one with peek token create ${service} on logic's machine, and set it with peek config set ${service} dataExchange.token -`;
  const token = parse(text, origin, advice);
  if (token.service === service) return;
  throw new PeekError(
    "CONFIG_INVALID",
    `${origin} is a token for ${token.service} (id ${token.id}), and this is ${service}. ${advice}`,
    { fields: { file: home.configFile, id: token.id } },
  );
}

function parse(text: string, origin: string, advice: string): Token {
  try {
    return parseToken(text);
  } catch (cause) {
    throw new PeekError("CONFIG_INVALID", `${origin}: ${messageOf(cause)} ${advice}`, { cause });
  }
}
