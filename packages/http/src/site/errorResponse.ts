import type { PeekErrorCode } from "@peek/errors";
import { escapeHtml, htmlPage } from "./htmlPage.ts";

/** An error as a browser gets it. */
export interface ErrorResponse {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

interface StatusText {
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

const known: Readonly<Record<number, StatusText>> = {
  400: { code: "BAD_REQUEST", message: "The request is malformed." },
  401: { code: "LOGIN_REQUIRED", message: "You are not logged in. Log in, and try again." },
  403: { code: "FORBIDDEN", message: "This is not allowed." },
  404: { code: "NOT_FOUND", message: "This address does not exist." },
  405: { code: "METHOD_NOT_ALLOWED", message: "This address does not support the method of the request." },
  408: { code: "TIMEOUT", message: "The request took too long to arrive." },
  413: { code: "BODY_TOO_LARGE", message: "The body of the request is too large." },
  416: { code: "RANGE_NOT_SATISFIABLE", message: "The file does not have the requested range." },
  421: { code: "MISDIRECTED", message: "This service does not have the requested host name." },
  429: { code: "RATE_LIMITED", message: "There are too many requests. Try again in a moment." },
  431: { code: "HEADERS_TOO_LARGE", message: "The headers of the request are too large." },
  503: { code: "UNAVAILABLE", message: "The service is not available now. Try again in a moment." },
  504: { code: "DEADLINE_EXCEEDED", message: "The answer took too long." },
};

const unexpected: StatusText = { code: "INTERNAL", message: "The service has failed. See its log for the reason." };

/**
 * The response for a status. It reveals nothing about the inside of the service.
 *
 * @param message Default: one for the status.
 */
export function errorResponse(status: number, message?: string): ErrorResponse {
  const isKnown = known[status] !== undefined;
  const text = known[status] ?? (status < 500 ? known[400] : undefined) ?? unexpected;
  return { status: isKnown || status < 500 ? status : 500, code: text.code, message: message ?? text.message };
}

/** Whether a person wants to read the answer, and not a program. */
export function wantsHtml(accept: string | undefined): boolean {
  return accept?.includes("text/html") === true;
}

/**
 * The body of the response, as a page or as JSON.
 *
 * @param login The address of the login, for a link on the page. Default: no link.
 */
export function errorBody(
  answer: ErrorResponse,
  asHtml: boolean,
  login?: string,
): { readonly type: string; readonly body: string } {
  const { status, code, message } = answer;
  if (!asHtml) return { type: "application/json; charset=utf-8", body: JSON.stringify({ code, message }) };
  const links = [
    ...(login === undefined ? [] : [`<a class="peek-button" href="${escapeHtml(login)}">Log in</a>`]),
    '<a class="peek-button" href="/">Start page</a>',
  ];
  const content = `<h1>${escapeHtml(message)}</h1>
<p class="peek-muted">${status} ${escapeHtml(code)}</p>
<p class="peek-links">${links.join(" ")}</p>`;
  return { type: "text/html; charset=utf-8", body: htmlPage("Peek", content) };
}
