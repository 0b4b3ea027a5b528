import { rawBytes } from "./rawRequest.ts";

/** A response as it came over the connection. */
export interface RawAnswer {
  readonly status: number;
  /** By lower-case name; of several cookies, the last one. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
  /** Whether the body is complete according to its framing. */
  readonly isWhole: boolean;
}

/**
 * Sends requests on one connection, and reads the responses by their framing, as a proxy does.
 *
 * @param requests Lines without the blank one; only the last has `connection: close`.
 * @param methods The methods of the requests.
 * @throws Error when there are bytes that do not belong to a response.
 */
export async function readAnswers(
  port: number,
  requests: readonly (readonly string[])[],
  methods: readonly string[] = requests.map(([line = ""]) => line.split(" ", 1)[0] ?? ""),
): Promise<readonly RawAnswer[]> {
  let rest = await rawBytes(port, [requests.map((lines) => lines.join("\r\n")).join("\r\n\r\n")]);
  const answers: RawAnswer[] = [];
  for (const method of methods) {
    if (rest.length === 0) break;
    const { answer, length } = readAnswer(rest, method);
    answers.push(answer);
    rest = rest.subarray(length);
  }
  if (rest.length > 0) throw new Error(`Bytes that are no part of an answer: ${rest.toString("latin1")}`);
  return answers;
}

/** Reads the first response and its length. */
export function readAnswer(bytes: Buffer, method: string): { readonly answer: RawAnswer; readonly length: number } {
  const headEnd = bytes.indexOf("\r\n\r\n");
  const [first = "", ...lines] = bytes.subarray(0, headEnd).toString("latin1").split("\r\n");
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1]);
  if (headEnd < 0 || Number.isNaN(status)) throw new Error(`No answer begins with ${bytes.toString("latin1", 0, 200)}`);
  const headers = new Map<string, string>();
  for (const line of lines) {
    const at = line.indexOf(":");
    const name = line.slice(0, at).toLowerCase();
    if (headers.has(name) && name !== "set-cookie") throw new Error(`The header ${name} came twice`);
    headers.set(name, line.slice(at + 1).trim());
  }
  const start = headEnd + 4;
  const end = (body: Buffer, length: number, isWhole = true) => ({
    answer: { status, headers, body, isWhole },
    length: start + length,
  });
  if (method === "HEAD" || status === 204 || status === 304) return end(Buffer.alloc(0), 0);
  if (headers.get("transfer-encoding") === "chunked") return readChunks(bytes.subarray(start), end);
  const said = headers.get("content-length");
  const length = said === undefined ? bytes.length - start : Number(said);
  const body = bytes.subarray(start, start + length);
  return end(body, body.length, body.length === length);
}

function readChunks<T>(bytes: Buffer, end: (body: Buffer, length: number, isWhole?: boolean) => T): T {
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    const lineEnd = bytes.indexOf("\r\n", at);
    if (lineEnd < 0) return end(Buffer.concat(parts), bytes.length, false);
    const size = Number.parseInt(bytes.toString("latin1", at, lineEnd), 16);
    if (Number.isNaN(size)) throw new Error("The size of a chunk is not a number.");
    const next = lineEnd + 2 + size + 2;
    if (next > bytes.length) return end(Buffer.concat(parts), bytes.length, false);
    if (size === 0) return end(Buffer.concat(parts), next);
    parts.push(bytes.subarray(lineEnd + 2, next - 2));
    at = next;
  }
}
