export { provideObservables } from "../../../../../../src/_private/logic/provideObservables.ts";
