/** The named prompts that can be used in this document, as the server keeps them. */
import { call } from "../documents/api";

export interface Command {
  id: string;
  name: string;
  prompt: string;
  owner: "person" | "document" | "team";
  /** The team's name, where it is a team's. */
  team: string | null;
  /** It names `{selection}`, so it works on selected text only. */
  needs_selection: boolean;
}

export const NAME_MAX_CHARACTERS = 40;
export const PROMPT_MAX_CHARACTERS = 4000;

/** Names in braces that stand for a passage, with what they stand for. */
export const VARIABLES: readonly (readonly [string, string])[] = [
  ["{selection}", "what is selected"],
  ["{paragraph}", "the paragraph around it"],
  ["{document}", "the text around it, as much as fits"],
  ["{language}", "the text’s language"],
];

/** Whom a new command is for: the person, the document's people, or those of a team, by its id. */
export type Home = "person" | "document" | { team: string };

export interface Team {
  id: string;
  name: string;
}

export class CommandStore {
  private known: Command[] = [];
  private loading: Promise<Command[]> | null = null;

  constructor(private readonly document: string) {}

  /** Those that are known so far, by name. */
  get commands(): readonly Command[] {
    return this.known;
  }

  /** Read them once. Throws Problem. */
  load(): Promise<Command[]> {
    this.loading ??= this.reload().catch((error: unknown) => {
      this.loading = null;
      throw error;
    });
    return this.loading;
  }

  async reload(): Promise<Command[]> {
    this.known = await call<Command[]>("GET", this.shared);
    return this.known;
  }

  /** The teams that a command can be kept for. Throws Problem. */
  async teams(): Promise<Team[]> {
    return (await call<{ items: Team[] }>("GET", TEAMS)).items;
  }

  async add(home: Home, content: Pick<Command, "name" | "prompt">): Promise<void> {
    await call<Command>("POST", this.path(home), content);
    await this.reload();
  }

  async change(id: string, content: Pick<Command, "name" | "prompt">): Promise<void> {
    await call<Command>("PATCH", `${OWN}${id}/`, content);
    await this.reload();
  }

  async remove(id: string): Promise<void> {
    await call<null>("DELETE", `${OWN}${id}/`);
    await this.reload();
  }

  private path(home: Home): string {
    if (home === "person") return OWN;
    return home === "document" ? this.shared : `${TEAMS}${home.team}/commands/`;
  }

  private get shared(): string {
    return `/api/v1/documents/${this.document}/commands/`;
  }
}

const OWN = "/api/v1/commands/";
const TEAMS = "/api/v1/teams/";
