import type { PeekErrorCode } from "@peek/errors";
import { escapeHtml, htmlPage } from "./htmlPage.ts";

/** What a browser is told when it does not get what it has asked for. */
export interface SiteAnswer {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

interface Known {
  readonly code:
    | PeekErrorCode
    | "BAD_REQUEST"
    | "LOGIN_REQUIRED"
    | "NOT_FOUND"
    | "METHOD_NOT_ALLOWED"
    | "TIMEOUT"
    | "RANGE_NOT_SATISFIABLE"
    | "MISDIRECTED"
    | "BODY_TOO_LARGE"
    | "HEADERS_TOO_LARGE"
    | "UNAVAILABLE";
  readonly message: string;
}

const known: Readonly<Record<number, Known>> = {
  400: { code: "BAD_REQUEST", message: "The request is not one that can be understood." },
  401: { code: "LOGIN_REQUIRED", message: "Nobody has logged in here. Log in, and try again." },
  403: { code: "FORBIDDEN", message: "This is not allowed." },
  404: { code: "NOT_FOUND", message: "There is nothing at this address." },
  405: { code: "METHOD_NOT_ALLOWED", message: "What is at this address does not take such a request." },
  408: { code: "TIMEOUT", message: "The request took too long to arrive." },
  413: { code: "BODY_TOO_LARGE", message: "The request has more in it than is taken here." },
  416: { code: "RANGE_NOT_SATISFIABLE", message: "The file does not have the part that was asked for." },
  421: { code: "MISDIRECTED", message: "This is not a name of this service." },
  431: { code: "HEADERS_TOO_LARGE", message: "The headers of the request are too large." },
  503: { code: "UNAVAILABLE", message: "The service cannot answer now. Try again in a moment." },
  504: { code: "DEADLINE_EXCEEDED", message: "The answer took too long." },
};

const unexpected: Known = { code: "INTERNAL", message: "The service has failed. Its log says why." };

/**
 * What is told of a status; never anything of what has happened within the service.
 *
 * @param message Default: one for the status.
 */
export function siteAnswer(status: number, message?: string): SiteAnswer {
  const isKnown = known[status] !== undefined;
  const told = known[status] ?? (status < 500 ? known[400] : undefined) ?? unexpected;
  return { status: isKnown || status < 500 ? status : 500, code: told.code, message: message ?? told.message };
}

/** Whether who asks wants to read the answer, and is no program. */
export function wantsHtml(accept: string | undefined): boolean {
  return accept?.includes("text/html") === true;
}

/**
 * The answer as a page or as JSON, with its type.
 *
 * @param login Where the page leads who wants to log in. Default: it does not.
 */
export function answerBody(
  answer: SiteAnswer,
  asHtml: boolean,
  login?: string,
): { readonly type: string; readonly body: string } {
  const { status, code, message } = answer;
  if (!asHtml) return { type: "application/json; charset=utf-8", body: JSON.stringify({ code, message }) };
  const links = [
    ...(login === undefined ? [] : [`<a href="${escapeHtml(login)}">Log in</a>`]),
    '<a href="/">Start page</a>',
  ];
  const content = `<h1>${escapeHtml(message)}</h1>\n<p>${status} ${escapeHtml(code)}</p>\n<p>${links.join(" ")}</p>`;
  return { type: "text/html; charset=utf-8", body: htmlPage("Peek", content) };
}
