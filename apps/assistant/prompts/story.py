"""The prompt of `story`: the next scene, or turns the plot could take."""

from apps.assistant.context import Brief
from apps.assistant.prompts.passages import writing
from apps.llm.requests import ChatMessage

VERSION = "story-1"

SCENE, TURNS = "scene", "turns"

SYSTEM = """\
You are a co-writer of a story, inside a text editor. The <sheet-{key}> passage holds what is known of its characters,
places and threads; it is right where it and your memory disagree. The story so far ends with the <before-{key}>
passage.

- Nobody acts against what the sheet and the text say of them, nothing contradicts what has happened.
- Write in the language of the story. Give only what is asked for: no comment, no quotation marks around it.
- A wish in a <wish-{key}> passage says where it should go."""

TASKS = {
    SCENE: "Task: scene. Write how the scene goes on: one to four paragraphs in the story's voice, person and tense, "
    "showing rather than telling, that end where a reader wants to know more.",
    TURNS: "Task: turns. List four turns the plot could take next, as a Markdown list: each a name in bold, then two "
    "sentences on what happens and which thread it pulls.",
}


def build(brief: Brief) -> tuple[ChatMessage, ...]:
    task = TASKS[brief.request.aspect or SCENE]
    return writing(SYSTEM, brief, task, ("wish", brief.instruction))
