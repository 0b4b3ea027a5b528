import { ExitCode } from "../exitCodes.ts";
import type { CatalogueEntry } from "./CatalogueEntry.ts";

/** Errors of contracts, and of the messages and calls between services. */
export const vortexErrors = {
  CONTRACT_INVALID: {
    meaning: "A tuple type, an RPC contract or a selector is defined, served or called in an invalid way.",
    resolution: "Correct what the message names.",
    exitCode: ExitCode.internal,
  },
  DATA_INVALID: {
    meaning: "Received data, or data to be sent, does not match its schema.",
    resolution: "See the path in the message; install the same version of the plugin on both sides.",
    exitCode: ExitCode.internal,
  },
  DATA_UNENCODABLE: {
    meaning:
      "A value cannot be sent: it contains a function, a symbol, an instance of a class, a cycle, or too many levels.",
    resolution: "Send plain data; the documentation of contracts lists the supported types.",
    exitCode: ExitCode.internal,
  },
  VORTEX_DISCONNECTED: {
    meaning: "A message could not be sent: the service is not connected to the other services at the moment.",
    resolution: "The service reconnects by itself; the log says why it cannot.",
    exitCode: ExitCode.unavailable,
  },
  VORTEX_NOBODY: {
    meaning: "No connected service can receive the message or call.",
    resolution: "Start the service, and enable the plugin there; or allow the call to wait.",
    exitCode: ExitCode.unavailable,
  },
  VORTEX_OVERLOADED: {
    meaning: "The send buffer is full: messages are not received as fast as they are sent.",
    resolution: "Send less at a time, or wait for answers before sending more.",
    exitCode: ExitCode.unavailable,
  },
  VORTEX_MESSAGE_TOO_LARGE: {
    meaning: "A message exceeds the size limit.",
    resolution: "Send it in parts, or as a stream.",
    exitCode: ExitCode.internal,
  },
  VORTEX_FRAME_INVALID: {
    meaning: "A peer sent a frame that is not valid in the protocol of Peek's services.",
    resolution: "Check which program connects from the address in the message, and its version.",
    exitCode: ExitCode.internal,
  },
  VORTEX_CLOSED: {
    meaning: "The connection to the other services was used after it had been closed, because the service stops.",
    resolution: "Stop the work that uses it before the service stops.",
    exitCode: ExitCode.internal,
  },
  PEER_GONE: {
    meaning: "The called service ended, or the connection to it was lost. Whether it executed the call is unknown.",
    resolution: "Check the state of the data before you repeat the call.",
    exitCode: ExitCode.unavailable,
  },
  DEADLINE_EXCEEDED: {
    meaning: "A call was not answered in time. Whether it was executed is unknown.",
    resolution: "Check why the called service is slow, or give the call more time.",
    exitCode: ExitCode.unavailable,
  },
  CALL_CANCELLED: {
    meaning: "The caller cancelled a call.",
    resolution: "Nothing has to be done; the signal of the call's handler fires with this reason.",
    exitCode: ExitCode.internal,
  },
  FORBIDDEN: {
    meaning: "The calling service is not allowed to make this call.",
    resolution: "Call it from a service that the contract's server accepts.",
    exitCode: ExitCode.config,
  },
  PLUGIN_UPDATING: {
    meaning:
      "A plugin is being updated. A stream that it served has ended, or an action or a question waited too long for it.",
    resolution: "Open the stream again: that waits until the plugin has been updated. Peek repeats actions by itself.",
    exitCode: ExitCode.unavailable,
  },
  RPC_UNKNOWN: {
    meaning: "The called service does not have the procedure.",
    resolution: "Enable the plugin there, in a version that has the procedure.",
    exitCode: ExitCode.unavailable,
  },
  RPC_BUSY: {
    meaning: "The called service has reached its limit of running and waiting calls.",
    resolution: "Make fewer calls at a time, or call later.",
    exitCode: ExitCode.unavailable,
  },
  RPC_HANDLER_FAILED: {
    meaning: "The handler of a call threw an error.",
    resolution: "See the log of the called service.",
    exitCode: ExitCode.internal,
  },
  RPC_REJECTED: {
    meaning: "The handler of a call rejected it with an error that the contract declares.",
    resolution: "See the name and the data of the error.",
    exitCode: ExitCode.internal,
  },
  RPC_ALREADY_SERVED: {
    meaning: "A plugin serves the same contract twice.",
    resolution: "Serve it once, with one object of handlers.",
    exitCode: ExitCode.internal,
  },
  EXCHANGE_PORT_UNUSABLE: {
    meaning: "The data exchange cannot listen on its port.",
    resolution:
      "Stop the process that uses the port, or change httpServer.dataExchange.sitePort, and dataExchange.httpPort of the other services.",
    exitCode: ExitCode.unavailable,
  },
  TLS_UNUSABLE: {
    meaning: "A certificate, a key or a list of authorities for TLS is not usable.",
    resolution: "Correct the file that the message names.",
    exitCode: ExitCode.config,
  },
  TOKEN_MALFORMED: {
    meaning: "A text is not a valid token.",
    resolution: "Create one with peek token create, and copy all of it.",
    exitCode: ExitCode.config,
  },
  TOKEN_UNKNOWN: {
    meaning: "No token has this id.",
    resolution: "See peek token list.",
    exitCode: ExitCode.config,
  },
  TOKENS_UNUSABLE: {
    meaning: "The file of tokens in logic's home cannot be read or written.",
    resolution: "Correct what the message names. Peek did not change the file.",
    exitCode: ExitCode.config,
  },
  NATS_UNUSABLE: {
    meaning: "The settings of NATS are not usable, or its server lacks a feature that Peek needs.",
    resolution: "Correct what the message names.",
    exitCode: ExitCode.config,
  },
} as const satisfies Record<string, CatalogueEntry>;
