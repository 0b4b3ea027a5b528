import type { RpcContract, RpcProcedure } from "@peek/plugin-base/contracts";
import type { z } from "zod";

/** A procedure as its callers see it: all that is the same for each call. */
export class ClientProcedure {
  /** `<contract>.<procedure>`, for messages. */
  readonly title: string;
  readonly inputTitle: string;
  readonly outputTitle: string;
  /** The header of a call after the deadline. */
  readonly header: string;
  readonly output: z.ZodType | undefined;
  readonly isStream: boolean;
  readonly errors: RpcProcedure["errors"];

  constructor(contract: RpcContract, name: string, { output, stream, errors }: RpcProcedure) {
    this.title = `${contract.name}.${name}`;
    this.inputTitle = `the input of ${this.title}`;
    this.outputTitle = stream === undefined ? `the output of ${this.title}` : `an item of ${this.title}`;
    this.header = ` ${contract.name} ${name}\t`;
    this.output = stream ?? output;
    this.isStream = stream !== undefined;
    this.errors = errors;
  }
}
