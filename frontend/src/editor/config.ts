/** What the server tells the editor page, from the JSON script `#editor-config`. */
export type Role = "owner" | "editor" | "commenter" | "viewer";

export interface Person {
  id: string;
  name: string;
  /** `#rrggbb`, dark enough for white words on it. */
  color: string;
  email: string;
}

export interface EditorConfig {
  document: { id: string; title: string };
  role: Role;
  user: Person;
  paths: { sync: string; assistant: string; documents: string; members: string; login: string };
}

export function readConfig(root: Document = document): EditorConfig {
  const script = root.getElementById("editor-config");
  if (!script?.textContent) throw new Error("The page has no #editor-config.");
  return JSON.parse(script.textContent) as EditorConfig;
}

export function mayEdit(role: Role): boolean {
  return role === "owner" || role === "editor";
}

/** The absolute address of a socket path, on the page's own host. */
export function socketUrl(path: string, page: Location = location): string {
  return `${page.protocol === "https:" ? "wss" : "ws"}://${page.host}${path}`;
}

/** The element with this id, which the page's template has. */
export function element<T extends HTMLElement = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`The page has no #${id}.`);
  return found as T;
}
