/** A client of Interline: documents, generations, live text. */
export { type DocumentSummary, type DocumentText, type GenerateOptions, Interline, type InterlineOptions } from "./client.js";
export { InterlineError } from "./errors.js";
export { Generation, type GenerationEvent } from "./generation.js";
export type * from "./messages.js";
export { SharedText } from "./shared-text.js";
