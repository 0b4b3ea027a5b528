import type { RpcProcedure } from "@peek/plugin-base/contracts";
import type { RpcCallContext } from "@peek/plugin-base";
import type { z } from "zod";
import type { ServedContract } from "./ServedContract.ts";

/** A handler, as far as the platform knows its types: input and output are checked at run time. */
export type Handler = (input: unknown, context: RpcCallContext) => unknown;

/** A procedure as its server needs it: all that is the same for each call. */
export class ServedProcedure {
  readonly contract: ServedContract;
  /** `<contract>.<procedure>`, for messages. */
  readonly title: string;
  readonly inputTitle: string;
  readonly outputTitle: string;
  readonly input: z.ZodType | undefined;
  readonly hasOutput: boolean;
  readonly isStream: boolean;
  readonly errors: RpcProcedure["errors"];
  readonly handler: Handler;
  /** How many calls of it run; the contract's own. */
  running = 0;

  constructor(
    contract: ServedContract,
    name: string,
    { input, output, stream, errors }: RpcProcedure,
    handler: Handler,
  ) {
    this.contract = contract;
    this.title = `${contract.name}.${name}`;
    this.inputTitle = `the input of ${this.title}`;
    this.outputTitle = stream === undefined ? `the output of ${this.title}` : `an item of ${this.title}`;
    this.input = input;
    this.hasOutput = output !== undefined;
    this.isStream = stream !== undefined;
    this.errors = errors;
    this.handler = handler;
  }
}
