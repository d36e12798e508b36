"""Documents as Markdown and back: what is read can be written again, and a change touches only what it changes."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycrdt import Doc, XmlElement, XmlFragment, XmlText

from apps.collaboration.content.html import document_html
from apps.collaboration.content.markdown import document_markdown
from apps.collaboration.content.parsing import parse
from apps.collaboration.content.services import _edit
from apps.collaboration.content.tree import Element, read_blocks
from apps.collaboration.projection import plain_text
from apps.collaboration.reading import Run, parts_of

EVERYTHING = """\
# A heron

It waits by the **weir**, *quite* ~~still~~ alone; see [the river](https://example.org/a_b "Severn") and `a*b`.\\
Then it *does **not** move*.

- Feathers
- Feet
  - Toes

    The longest one.
- 3\\. \\[ \\] is no task

* another list

3. three
4. four

- [ ] to do
- [x] done

> Quoted

> Again

```python
def wait() -> None:
    ...
```

---

| Bird | Legs |
| --- | --- |
| Heron \\| egret | 2 |

![A dot](data:image/png;base64,iVBORw0KGgo=)
"""


def document_of(markdown: str) -> "Doc[Any]":
    doc: Doc[Any] = Doc()
    _edit(doc, parse(markdown))
    return doc


def markdown_of(doc: "Doc[Any]") -> str:
    return document_markdown(read_blocks(doc))


def texts(doc: "Doc[Any]") -> list[Any]:
    return [child.children[0].diff() for child in doc.get("default", type=XmlFragment).children]


def test_everything_the_editor_has_reads_back_as_it_was_written() -> None:
    doc = document_of(EVERYTHING)
    assert markdown_of(doc) == EVERYTHING
    assert _edit(doc, parse(EVERYTHING)) is None
    assert [block.tag for block in read_blocks(doc)] == [
        *("heading", "paragraph", "bulletList", "bulletList", "orderedList", "taskList", "blockquote", "blockquote"),
        *("codeBlock", "horizontalRule", "table", "image"),
    ]
    html = document_html(parts_of(doc))
    assert "<h1>A heron</h1>" in html
    assert '<a href="https://example.org/a_b" rel="noopener noreferrer nofollow">the river</a>' in html
    assert "Heron | egret" in plain_text(doc)


def test_a_change_of_one_word_touches_that_word_alone() -> None:
    doc = document_of("One.\n\nThe heron waits by the weir.\n\nThree.\n")
    text = doc.get("default", type=XmlFragment).children[1].children[0]
    text.format(4, 9, {"underline": {}})
    text.format(16, 18, {"origin": {"origin": "ai", "gen": "g"}})
    update = _edit(doc, parse("One.\n\nThe heron waits **at** the old weir.\n\nThree.\n"))
    assert update is not None
    assert len(update) < 150  # a new block would have 250
    assert texts(doc)[1] == [
        ("The ", None),
        ("heron", {"underline": {}}),
        (" waits ", None),
        ("at", {"bold": {}}),
        (" the old weir.", None),
    ]


def test_what_markdown_cannot_say_of_a_changed_block_stays() -> None:
    doc = document_of("The heron waits.\n")
    text = doc.get("default", type=XmlFragment).children[0].children[0]
    text.format(4, 9, {"bold": {}, "underline": {}})
    text.format(9, 10, {"bold": {}})  # a bold space, which Markdown writes outside
    assert _edit(doc, parse(markdown_of(doc))) is None
    _edit(doc, parse("The **heron** waits here.\n"))
    assert texts(doc)[0][1:] == [
        ("heron", {"bold": {}, "underline": {}}),
        (" ", {"bold": {}}),
        ("waits here.", None),
    ]


def test_blocks_that_move_apart_keep_their_identity() -> None:
    doc = document_of("# One\n\nfirst words here\n\n- a\n- b\n\nlast words there\n")
    children = doc.get("default", type=XmlFragment).children
    for place in (0, 1, 3):
        children[place].children[0].format(0, 3, {"underline": {}})
    _edit(
        doc, parse("Before.\n\n## One\n\nfirst new words here\n\n- a\n- b and c\n- d\n\nlast words there\n\nAfter.\n")
    )
    assert markdown_of(doc) == (
        "Before.\n\n## One\n\nfirst new words here\n\n- a\n- b and c\n- d\n\nlast words there\n\nAfter.\n"
    )
    underlined = [part.text for part in parts_of(doc) if isinstance(part, Run) and part.marks]
    assert underlined == ["One", "fir", "las"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a\\\nb\\\nc", "b\\\nc"),
        ("a\\\nb\\\nc", "a\\\nc"),
        ("a\\\nb\\\nc", "a\\\nb"),
        ("b", "a\\\nb\\\nc"),
        ("a", "a\\\nb\\\nc\\\nd"),
        ("a\\\nd", "a\\\nb\\\nc\\\nd"),
        ("a **b** c", "a b *c*"),
        ("x", ""),
        ("", "x\n\ny"),
        ("😀 one 😀", "😀 two 😀😀"),
        ("| a | b |\n| --- | --- |\n| c | d |", "| a | b |\n| --- | --- |\n| c | e |\n| f | g |"),
        ("- [ ] a\n- [ ] b", "- [x] a\n- [ ] b"),
        ("```js\na\nb\n```", "```ts\na\nc\nb\n```"),
        ("> a\n>\n> b", "> a\n>\n> c\n>\n> b"),
    ],
)
def test_a_document_reads_as_what_was_written_to_it(before: str, after: str) -> None:
    doc = document_of(before)
    _edit(doc, parse(after))
    assert markdown_of(doc).rstrip("\n") == after


def test_the_blank_paragraph_of_a_new_document_is_written_into() -> None:
    doc: Doc[Any] = Doc()
    doc.get("default", type=XmlFragment).children.append(XmlElement("paragraph"))
    _edit(doc, parse("Hello.\n\nAgain.\n"))
    assert markdown_of(doc) == "Hello.\n\nAgain.\n"
    assert len(doc.get("default", type=XmlFragment).children) == 2


def test_hostile_markdown_is_text() -> None:
    written = (
        "<script>alert(1)</script> [x](javascript:alert%281%29) ![y](https://tracker.example/p.png) "
        "[z](data:text/html,x)"
    )
    doc = document_of(written)
    html = document_html(parts_of(doc))
    assert "<script" not in html
    assert "href" not in html
    assert "<img" not in html
    assert "y" in plain_text(doc)


LETTERS = st.text(
    st.sampled_from([*"ab 1.#->*_~`[]()<>&|\\!:=+\"'\n\t", "😀", "é", "\u00a0", "x", ";"]), min_size=1, max_size=9
)
MARKS = st.fixed_dictionaries(
    {},
    optional={
        "bold": st.just({}),
        "italic": st.just({}),
        "strike": st.just({}),
        "underline": st.just({}),
        "link": st.sampled_from([{"href": "https://example.org/?a=1&b=(2)"}, {"href": "/x y", "title": 'a "t"'}]),
    },
)
RUNS = st.lists(st.builds(Run, LETTERS, MARKS | st.just({"code": {}})), max_size=4)
PARAGRAPH = st.builds(lambda runs: Element("paragraph", {}, [*runs]), RUNS)
BROKEN = st.builds(lambda one, two: Element("paragraph", {}, [*one, Element("hardBreak"), *two]), RUNS, RUNS)
HEADING = st.builds(lambda level, runs: Element("heading", {"level": level}, [*runs]), st.integers(1, 3), RUNS)
CODE = st.builds(lambda text: Element("codeBlock", {"language": "js"}, [Run(text, {})]), LETTERS)
RULE = st.just(Element("horizontalRule"))


def lists(inner: Any) -> Any:
    def items(tag: str, blocks: Any) -> list[Element | Run]:
        return [Element(tag, {"checked": False} if tag == "taskItem" else {}, [*one]) for one in blocks]

    body = st.lists(st.tuples(PARAGRAPH, inner) | st.tuples(PARAGRAPH), min_size=1, max_size=3)
    return (
        st.builds(lambda blocks: Element("bulletList", {}, items("listItem", blocks)), body)
        | st.builds(lambda blocks: Element("orderedList", {"start": 7}, items("listItem", blocks)), body)
        | st.builds(lambda blocks: Element("taskList", {}, items("taskItem", blocks)), body)
        | st.builds(lambda blocks: Element("blockquote", {}, [*blocks[0]]), body)
    )


BLOCKS = st.lists(st.recursive(PARAGRAPH | BROKEN | HEADING | CODE | RULE, lists, max_leaves=6), max_size=5)


def build(blocks: list[Element]) -> "Doc[Any]":
    """Make a document as an editor would, without our own writer."""
    doc: Doc[Any] = Doc()
    _put(doc.get("default", type=XmlFragment), blocks)
    return doc


def _put(parent: Any, children: list[Any]) -> None:
    for child in children:
        if isinstance(child, Run):
            text = parent.children.append(XmlText(""))
            text.insert(0, child.text, dict(child.marks))
        else:
            _put(parent.children.append(XmlElement(child.tag, dict(child.attributes))), child.children)


@settings(max_examples=80, derandomize=True)
@given(BLOCKS)
def test_what_is_read_and_written_back_changes_nothing(blocks: list[Element]) -> None:
    doc = build(blocks)
    assert _edit(doc, parse(markdown_of(doc))) is None, markdown_of(doc)


@settings(max_examples=80, derandomize=True)
@given(BLOCKS, BLOCKS)
def test_any_document_can_become_any_other(before: list[Element], after: list[Element]) -> None:
    doc, wanted = document_of(markdown_of(build(before))), markdown_of(build(after))
    _edit(doc, parse(wanted))
    assert markdown_of(doc) == wanted
