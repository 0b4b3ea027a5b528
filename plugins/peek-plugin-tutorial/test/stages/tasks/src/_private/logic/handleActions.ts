export { handleActions } from "../../../../../../src/_private/logic/handleActions.ts";
