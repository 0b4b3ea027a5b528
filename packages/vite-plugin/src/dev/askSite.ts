import { type IncomingHttpHeaders, type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";

/** An answer of the site. */
export interface SiteAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** The longest text that is read, in bytes. */
const maxBytes = 10_000_000;

/**
 * Passes a GET request of the browser on to the site, and reads the text of the answer. While the site cannot be reached, the answer is 502 with a
 * sentence that says what to do.
 */
export async function askSite(site: URL, request: IncomingMessage): Promise<SiteAnswer> {
  try {
    return await forward(site, request);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const text = `The site ${site.origin} cannot be reached: ${why}. Start its service, or name another site in PEEK_SITE.`;
    return { status: 502, headers: { "content-type": "text/plain; charset=utf-8" }, text };
  }
}

function forward(site: URL, { url = "/", headers }: IncomingMessage): Promise<SiteAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<SiteAnswer>();
  const send = site.protocol === "https:" ? requestHttps : requestHttp;
  // The text is changed, so it must be neither compressed nor answered by 304.
  const { "accept-encoding": _compressed, "if-none-match": _known, ...kept } = headers;
  // Sites under development often have a certificate of their own.
  const asked = send(new URL(url, site), { headers: kept, rejectUnauthorized: false, agent: false }, (answer) => {
    const parts: Buffer[] = [];
    let size = 0;
    answer.on("data", (part: Buffer) => {
      parts.push(part);
      size += part.length;
      if (size > maxBytes) asked.destroy(new Error(`${url} has more than ${maxBytes} bytes`));
    });
    answer.once("error", reject);
    answer.once("end", () =>
      resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text: Buffer.concat(parts).toString() }),
    );
  });
  asked.once("error", reject);
  asked.end();
  return promise;
}
