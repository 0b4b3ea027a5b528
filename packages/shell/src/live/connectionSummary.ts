import type { ConnectionState } from "@peek/client";
import type { Format } from "@peek/web";
import type { CatalogueState } from "../catalogue/CatalogueStore.ts";
import type { EventsState } from "../catalogue/CatalogueEvents.ts";
import type { Texts } from "../texts/Texts.ts";

/** The state of the app's connection, for people. */
export interface ConnectionSummary {
  readonly status: "connecting" | "live" | "stale" | "offline" | "login" | "closed";
  /** `Stale since 14:03:27` */
  readonly text: string;
  /** Why it is not live; undefined if it is, or if no reason is known. */
  readonly reason?: string | undefined;
}

/** The summary of a client's connection. */
export function clientSummary(
  { status, asOf, reason }: ConnectionState,
  texts: Texts,
  format: Format,
): ConnectionSummary {
  const time = asOf === undefined ? undefined : format.time(asOf);
  const since = (plain: string, timed: (time: string) => string): string => (time === undefined ? plain : timed(time));
  switch (status) {
    case "live":
      return { status, text: texts.live };
    case "connecting":
      return { status, text: texts.connecting, reason };
    case "stale":
      return { status, text: since(texts.stale, texts.staleSince), reason };
    case "offline":
      return { status, text: since(texts.offline, texts.offlineSince), reason };
    case "login":
      return { status, text: since(texts.loggedOut, texts.loggedOutSince), reason };
    default:
      return { status, text: texts.closed };
  }
}

/** The summary for a site without live data: whether it answers. */
export function siteSummary(
  events: EventsState,
  { status }: CatalogueState,
  texts: Texts,
  format: Format,
): ConnectionSummary {
  const time = events.lostAt === undefined ? undefined : format.time(events.lostAt);
  if (status === "login") return { status: "login", text: texts.loggedOut };
  if (events.isConnected) return { status: "live", text: texts.live };
  if (time === undefined && status !== "unreachable") return { status: "connecting", text: texts.connecting };
  const text = time === undefined ? texts.offline : texts.offlineSince(time);
  return { status: "offline", text, reason: texts.siteDoesNotAnswer };
}
