/** A client of Interline: documents, share links, comments, versions, generations, live text. */
export { type DocumentSummary, type DocumentText, type GenerateOptions, Interline, type InterlineOptions } from "./client.js";
export { type Comment, type CommentAnchor, type Commenter, Comments, type SayOptions, type Thread } from "./comments.js";
export { InterlineError } from "./errors.js";
export { Generation, type GenerationEvent } from "./generation.js";
export { type LinkRole, type LinkTerms, type ShareLink, ShareLinks } from "./links.js";
export type * from "./messages.js";
export { SharedText } from "./shared-text.js";
export { type FileFormat, type Restored, type TextFormat, type Version, Versions } from "./versions.js";
