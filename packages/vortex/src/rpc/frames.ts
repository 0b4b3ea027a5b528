/*
 * The protocol of RPC and payloads. A frame is one message of the bus. Its first character is its kind:
 *
 *   call    = "c" id SP remaining-ms SP contract SP procedure HTAB input
 *   cancel  = "x" id [SP "d"]           ; the caller gave up; "d": because the deadline has passed
 *   credit  = "k" id SP count           ; the caller has consumed count more items of the stream
 *
 *   result  = "r" id HTAB output        ; the answer of a procedure that returns one value
 *   item    = "n" id HTAB item          ; the next item of a stream
 *   end     = "d" id                    ; the stream is complete
 *   error   = "e" id HTAB failure       ; the call failed; the answer of either kind of procedure
 *
 *   payload = "p" filter HTAB [tuple-type] HTAB [tuples]
 *
 *   id      = 1*10(DIGIT / %x61-7A)     ; a number in base 36, assigned by the caller in rising order
 *   remaining-ms, count = 1*10DIGIT
 *   failure = an object with code, message, error and data: error names an error that the contract declares, or is the
 *             code that the handler failed with; data belongs to a declared error
 *   filter  = a JSON object
 *
 * The values input, output, item, failure and tuples are in the encoding of @peek/plugin-base/contracts.
 *
 * A caller sends call, then any number of credit frames, and at most one cancel. A server answers with result or error, or with
 * items and then end or error; after a cancel it sends nothing more. It stops sending items when the caller has not consumed
 * `streamWindow` items, or `streamWindowChars` characters, and goes on when a credit frame makes room.
 */

/** The kinds of frames, as the codes of their first characters. */
export const FrameKind = {
  call: 0x63,
  cancel: 0x78,
  credit: 0x6b,
  result: 0x72,
  item: 0x6e,
  end: 0x64,
  error: 0x65,
  payload: 0x70,
} as const;

/** How many items of a stream may be sent before the caller has consumed them. */
export const streamWindow = 32;
/** How many characters of unconsumed items may be sent before the server waits. */
export const streamWindowChars: number = 1024 * 1024;

/** The longest deadline of a call. */
export const maxDeadlineMs = 9_999_999_999;

/** The longest header of a call: a contract's name has up to 200 characters, a procedure's up to 100. */
export const maxHeaderLength = 400;

const maxIdLength = 10;
const maxCountLength = 10;

/** Reads the id between two positions of a frame; -1 when there is none. */
export function readId(frame: string, start: number, end: number): number {
  if (end <= start || end - start > maxIdLength) return -1;
  let id = 0;
  for (let at = start; at < end; at += 1) {
    const code = frame.charCodeAt(at);
    if (code >= 0x30 && code <= 0x39) id = id * 36 + code - 0x30;
    else if (code >= 0x61 && code <= 0x7a) id = id * 36 + code - 0x61 + 10;
    else return -1;
  }
  return id;
}

/** Reads the decimal number between two positions of a frame; -1 when there is none. */
export function readCount(frame: string, start: number, end: number): number {
  if (end <= start || end - start > maxCountLength) return -1;
  let count = 0;
  for (let at = start; at < end; at += 1) {
    const code = frame.charCodeAt(at);
    if (code < 0x30 || code > 0x39) return -1;
    count = count * 10 + code - 0x30;
  }
  return count;
}
