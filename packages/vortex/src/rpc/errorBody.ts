import {
  cutText,
  describeValue,
  isPeekErrorCode,
  messageOf,
  PeekError,
  type PeekErrorCode,
  toError,
} from "@peek/errors";
import type { PeerIdentity } from "@peek/plugin-base";
import { checkData, encode, RpcRejection } from "@peek/plugin-base/contracts";
import { z } from "zod";
import { decodeBody, writeBody } from "./frameBodies.ts";
import { callCodes, callerCodes } from "./callCodes.ts";
import type { ClientProcedure } from "./ClientProcedure.ts";
import type { ServedProcedure } from "./ServedProcedure.ts";

/** How much of a message crosses; characters. */
const maxMessageLength = 4000;

const schema = z.object({
  code: z.string().max(100),
  message: z.string(),
  error: z.string().max(100).optional(),
  data: z.unknown().optional(),
});

/** What the caller is told of a failure, and what the log is told. */
export interface Failure {
  readonly body: string;
  /** What is wrong with the handler; undefined when nothing is. */
  readonly fault: Error | undefined;
}

/** A failure that is none of the handler's. */
export function errorBody(error: PeekError): string {
  return encode({ code: error.code, message: cut(error.message) });
}

/** A failure that is none of the handler's: its input does not fit, or what it returned cannot be iterated over. */
export function platformFailure(error: unknown, procedure: ServedProcedure): Failure {
  return PeekError.is(error)
    ? { body: errorBody(error), fault: undefined }
    : handlerFailure(toError(error), undefined, procedure);
}

/** What a handler has thrown, as it crosses: code and message, never a stack; and the data that the contract declares. */
export function failureOf(thrown: unknown, procedure: ServedProcedure): Failure {
  if (RpcRejection.is(thrown)) return rejectionOf(thrown, procedure);
  if (!PeekError.is(thrown)) return handlerFailure(toError(thrown), undefined, procedure);
  if (callCodes.has(thrown.code)) return handlerFailure(thrown, thrown.code, procedure);
  return { body: errorBody(thrown), fault: undefined };
}

/** Something that the handler returned cannot be sent. */
export function outputFailure(error: unknown, { outputTitle }: ServedProcedure): Failure {
  const cause = toError(error);
  const code = PeekError.is(error) ? error.code : "INTERNAL";
  const message = cause.message.startsWith(outputTitle) ? cause.message : `${outputTitle}: ${messageOf(cause)}`;
  const fault = new PeekError(code, message, { cause });
  return { body: callerCodes.has(code) ? failedBody(message, code) : errorBody(fault), fault };
}

/** @param code What it failed with, when that would be taken for what became of the call. */
function handlerFailure(fault: Error, code: PeekErrorCode | undefined, { title }: ServedProcedure): Failure {
  const what = code === undefined ? messageOf(fault) : `${code}: ${messageOf(fault)}`;
  return { body: failedBody(`${title} failed: ${what}`, code), fault };
}

/** @param code The code that the handler failed with; the caller finds it in the fields. */
function failedBody(message: string, code: PeekErrorCode | undefined): string {
  return encode({ code: "RPC_HANDLER_FAILED", message: cut(message), ...(code !== undefined && { error: code }) });
}

function rejectionOf(thrown: RpcRejection, procedure: ServedProcedure): Failure {
  const { errors, title } = procedure;
  if (errors === undefined || !Object.hasOwn(errors, thrown.error)) {
    const undeclared = `it threw the error ${describeValue(thrown.error)}, which the contract does not declare: ${messageOf(thrown)}`;
    return handlerFailure(new Error(undeclared, { cause: thrown }), undefined, procedure);
  }
  const what = `the data of the error ${thrown.error} of ${title}`;
  const declared = errors[thrown.error];
  try {
    if (declared !== undefined) checkData(declared, thrown.data, what);
    const { code, error, data } = thrown;
    return { body: writeBody({ code, message: cut(thrown.message), error, data }, what), fault: undefined };
  } catch (error) {
    return handlerFailure(toError(error), PeekError.is(error) ? error.code : undefined, procedure);
  }
}

/** The error that a peer has answered with. */
export function readError(body: string, procedure: ClientProcedure, from: PeerIdentity): PeekError {
  const what = `the error that ${from.instance} has answered a call of ${procedure.title} with`;
  try {
    const { code, message, error, data } = checkData(schema, decodeBody(body, what), what);
    const fields = { procedure: procedure.title, service: from.service, instance: from.instance };
    if (code === "RPC_REJECTED" && error !== undefined) return rejection(procedure, error, cut(message), data, fields);
    if (code === "RPC_HANDLER_FAILED" && error !== undefined) {
      return new PeekError(code, cut(message), { fields: { ...fields, code: error } });
    }
    if (isPeekErrorCode(code)) {
      if (!callerCodes.has(code)) return new PeekError(code, cut(message), { fields });
      return new PeekError("RPC_HANDLER_FAILED", cut(`${code}: ${message}`), { fields: { ...fields, code } });
    }
    return unknownError(`the code ${describeValue(code)}`, cut(message), { ...fields, code });
  } catch (error) {
    return PeekError.is(error) ? error : new PeekError("INTERNAL", messageOf(error), { cause: error });
  }
}

function rejection(
  { errors, title }: ClientProcedure,
  name: string,
  message: string,
  data: unknown,
  fields: Readonly<Record<string, string>>,
): PeekError {
  const declared = errors !== undefined && Object.hasOwn(errors, name) ? errors[name] : undefined;
  if (declared === undefined)
    return unknownError(`the error ${describeValue(name)}`, message, { ...fields, error: name });
  return new RpcRejection(name, message, checkData(declared, data, `the data of the error ${name} of ${title}`));
}

/** What only the other side's version knows. */
function unknownError(what: string, message: string, fields: Readonly<Record<string, string>>): PeekError {
  return new PeekError("RPC_HANDLER_FAILED", `It failed with ${what}, which is not known here: ${message}`, { fields });
}

function cut(message: string): string {
  return cutText(message, maxMessageLength);
}
