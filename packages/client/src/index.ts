export type * from "./api.ts";
export { connect } from "./connect.ts";
