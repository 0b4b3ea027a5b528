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
import { callCodes, callerCodes } from "./callCodes.ts";
import type { ClientProcedure } from "./ClientProcedure.ts";
import { decodeBody, writeBody } from "./frameBodies.ts";
import type { ServedProcedure } from "./ServedProcedure.ts";

/** The longest error message that is sent; characters. */
const maxMessageLength = 4000;

/** The body of an error frame. */
const failureSchema = z.object({
  code: z.string().max(100),
  message: z.string(),
  error: z.string().max(100).optional(),
  data: z.unknown().optional(),
});

/** A failed call, as its server sees it. */
export interface Failure {
  /** The body of the error frame for the caller. */
  readonly body: string;
  /** The error for the log, when the handler is at fault. */
  readonly fault: Error | undefined;
}

/** The body of an error frame for an error of the platform. */
export function errorBody(error: PeekError): string {
  return encode({ code: error.code, message: cut(error.message) });
}

/** A failure that is not the handler's fault: the input is invalid, or the returned value is not iterable. */
export function platformFailure(error: unknown, procedure: ServedProcedure): Failure {
  return PeekError.is(error)
    ? { body: errorBody(error), fault: undefined }
    : handlerFailure(toError(error), undefined, procedure);
}

/** A handler threw. The caller gets code and message, never a stack; and the data of an error that the contract declares. */
export function failureOf(thrown: unknown, procedure: ServedProcedure): Failure {
  if (RpcRejection.is(thrown)) return rejectionOf(thrown, procedure);
  if (!PeekError.is(thrown)) return handlerFailure(toError(thrown), undefined, procedure);
  if (callCodes.has(thrown.code)) return handlerFailure(thrown, thrown.code, procedure);
  return { body: errorBody(thrown), fault: undefined };
}

/** The value that a handler returned cannot be sent. */
export function outputFailure(error: unknown, { outputTitle }: ServedProcedure): Failure {
  const cause = toError(error);
  const code = PeekError.is(error) ? error.code : "INTERNAL";
  const message = cause.message.startsWith(outputTitle) ? cause.message : `${outputTitle}: ${messageOf(cause)}`;
  const fault = new PeekError(code, message, { cause });
  return { body: callerCodes.has(code) ? failedBody(message, code) : errorBody(fault), fault };
}

/** @param code The code of the fault, when it would describe the call itself. */
function handlerFailure(fault: Error, code: PeekErrorCode | undefined, { title }: ServedProcedure): Failure {
  const reason = code === undefined ? messageOf(fault) : `${code}: ${messageOf(fault)}`;
  return { body: failedBody(`${title} failed: ${reason}`, code), fault };
}

/** @param code The code that the handler failed with. The caller gets it in the fields. */
function failedBody(message: string, code: PeekErrorCode | undefined): string {
  return encode({ code: "RPC_HANDLER_FAILED", message: cut(message), ...(code !== undefined && { error: code }) });
}

function rejectionOf(thrown: RpcRejection, procedure: ServedProcedure): Failure {
  const { errors, title } = procedure;
  if (errors === undefined || !Object.hasOwn(errors, thrown.error)) {
    const reason = `it threw the error ${describeValue(thrown.error)}, which the contract does not declare: ${messageOf(thrown)}`;
    return handlerFailure(new Error(reason, { cause: thrown }), undefined, procedure);
  }
  const dataTitle = `the data of the error ${thrown.error} of ${title}`;
  const declared = errors[thrown.error];
  try {
    if (declared !== undefined) checkData(declared, thrown.data, dataTitle);
    const { code, error, data } = thrown;
    return { body: writeBody({ code, message: cut(thrown.message), error, data }, dataTitle), fault: undefined };
  } catch (error) {
    return handlerFailure(toError(error), PeekError.is(error) ? error.code : undefined, procedure);
  }
}

/** Reads the body of an error frame. */
export function readError(body: string, procedure: ClientProcedure, from: PeerIdentity): PeekError {
  const title = `the error of ${procedure.title} from ${from.instance}`;
  try {
    const { code, message, error, data } = checkData(failureSchema, decodeBody(body, title), title);
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

/** The peer's version knows the error, this one does not. */
function unknownError(name: string, message: string, fields: Readonly<Record<string, string>>): PeekError {
  return new PeekError("RPC_HANDLER_FAILED", `The handler failed with ${name}, which is unknown here: ${message}`, {
    fields,
  });
}

function cut(message: string): string {
  return cutText(message, maxMessageLength);
}
