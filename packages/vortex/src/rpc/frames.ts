/**
 * The texts of RPC, by their first character. Header fields are separated by a space; a tab is before the encoded body. Ids
 * are the caller's, rising, in base 36.
 */
export const Frame = {
  /** `c<id> <remaining ms> <contract> <procedure>\t<input>`: a call. */
  call: 0x63,
  /** `r<id>\t<output>`: its result. */
  result: 0x72,
  /** `e<id>\t<code, message, error, data>`: its error; `error` is the name of a declared one, or the code that a handler failed with. */
  error: 0x65,
  /** `x<id>`: the caller gave up; `x<id> d`: since its deadline has passed. */
  cancel: 0x78,
  /** `n<id>\t<item>`: the next item of a stream. */
  item: 0x6e,
  /** `d<id>`: the end of a stream. */
  end: 0x64,
  /** `k<id> <count>`: so many items more have been taken from a stream. */
  taken: 0x6b,
  /** `p<record>\t<tuple>\t<tuples>`: a payload. */
  payload: 0x70,
} as const;

/** How many items of a stream may be under way to one who has not taken them. */
export const streamWindow = 32;
/** And how many characters of items that have been sent there may be before another one is. */
export const streamWindowChars: number = 1024 * 1024;

/** The longest time that a call can have; milliseconds. */
export const maxDeadlineMs = 9_999_999_999;

/** The longest header of a call: names of contracts have up to 200 characters, of procedures up to 100. */
export const maxHeaderLength = 400;

const maxIdLength = 10;
const maxCountLength = 10;

/** The id between two positions of a text; -1 when it is none. */
export function readId(text: string, start: number, end: number): number {
  if (end <= start || end - start > maxIdLength) return -1;
  let id = 0;
  for (let at = start; at < end; at += 1) {
    const code = text.charCodeAt(at);
    if (code >= 0x30 && code <= 0x39) id = id * 36 + code - 0x30;
    else if (code >= 0x61 && code <= 0x7a) id = id * 36 + code - 0x61 + 10;
    else return -1;
  }
  return id;
}

/** The decimal number between two positions of a text; -1 when it is none. */
export function readCount(text: string, start: number, end: number): number {
  if (end <= start || end - start > maxCountLength) return -1;
  let count = 0;
  for (let at = start; at < end; at += 1) {
    const code = text.charCodeAt(at);
    if (code < 0x30 || code > 0x39) return -1;
    count = count * 10 + code - 0x30;
  }
  return count;
}
