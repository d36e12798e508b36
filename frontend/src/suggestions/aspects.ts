/** From which sides the assistant can look at a text. The ids are the wire's. */
export interface Aspect {
  id: string;
  label: string;
  /** What it looks for, for people. */
  looksFor: string;
}

export const ASPECTS: readonly Aspect[] = [
  { id: "clarity", label: "Clarity", looksFor: "What a reader may not understand at first reading" },
  { id: "concision", label: "Concision", looksFor: "Words that can go" },
  { id: "tone", label: "Tone", looksFor: "Words that fall out of the text's tone" },
  { id: "structure", label: "Structure", looksFor: "Sentences whose order hides the point" },
  { id: "word_choice", label: "Word choice", looksFor: "Words for which there is a better one" },
  { id: "consistency", label: "Consistency", looksFor: "Names, terms and spellings not used alike" },
  { id: "argument", label: "Argument", looksFor: "Claims without a reason, leaps, overstatement" },
  { id: "pacing", label: "Pacing", looksFor: "Places that drag or rush" },
  {
    id: "inclusive_language",
    label: "Inclusive language",
    looksFor: "Words that leave out or hurt people without need",
  },
];

/** One's own wording of what to look for, as the aspect it is sent as. */
export const OWN_MAX_CHARACTERS = 100;

export function aspectLabel(id: string): string {
  return ASPECTS.find((aspect) => aspect.id === id)?.label ?? id;
}
