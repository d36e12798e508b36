"""Writes a document as a Word file (Office Open XML)."""

from io import BytesIO
from typing import Any

from docx import Document
from docx.enum.text import WD_BREAK
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from apps.collaboration.content.making import Deadline, making
from apps.collaboration.content.parts import cells_of, clean, is_done, link_of, number_of, picture_of, words_of
from apps.collaboration.content.tree import Element
from apps.collaboration.reading import Run

MONOSPACED = "Courier New"
LINK_COLOUR = RGBColor(0x1F, 0x5F, 0xBF)
PICTURE_MAX_CM = 15.0
PIXELS_PER_CM = 96 / 2.54
INDENT_CM = 0.75
LIST_LEVELS = 3  # that Word's styles have
COLUMNS_MAX = 63  # that Word takes


def document_docx(blocks: list[Element], title: str) -> bytes:
    """Return the file. Raises TooLarge and FilesBusy."""
    with making(blocks) as deadline:
        writer = _Writer(title, deadline)
        for block in blocks:
            writer.block(block, writer.document, 0)
        made = BytesIO()
        writer.document.save(made)
        return made.getvalue()


class _Writer:
    """One file in the making. `into`: the document, or a cell."""

    def __init__(self, title: str, deadline: Deadline) -> None:
        self.document: Any = Document()
        self.document.core_properties.title = clean(title)[:255]
        self.document.core_properties.author = ""
        self._deadline = deadline

    def block(self, block: Element, into: Any, depth: int) -> None:
        self._deadline.check()
        match block.tag:
            case "bulletList" | "orderedList" | "taskList":
                self._list(block, into, depth)
            case "blockquote":
                for inner in block.blocks:
                    self._quoted(inner, into, depth)
            case "table":
                self._table(block, into, depth)
            case _ if block.blocks:
                for inner in block.blocks:
                    self.block(inner, into, depth)
            case _:
                self._leaf(block, into)

    def _leaf(self, block: Element, into: Any) -> None:
        match block.tag:
            case "heading":
                self._text(block, into.add_paragraph(style=f"Heading {block.level}"))
            case "codeBlock":
                self._code(block, into)
            case "horizontalRule":
                _rule(into.add_paragraph())
            case "image":
                self._picture(block, into)
            case _:
                self._text(block, into.add_paragraph())

    def _quoted(self, block: Element, into: Any, depth: int) -> None:
        if block.holds_text and block.tag not in ("heading", "codeBlock"):
            self._text(block, into.add_paragraph(style="Quote"))
        else:
            self.block(block, into, depth)

    def _list(self, block: Element, into: Any, depth: int) -> None:
        first = number_of(block.attributes, "start", 1)
        for place, item in enumerate(block.blocks):
            mark = ("☑ " if is_done(item) else "☐ ") if block.tag == "taskList" else ""
            if block.tag == "orderedList":
                mark = f"{first + place}.\t"  # written out: Word's numbers would go on from list to list
            self._item(item, into, depth, block.tag, mark)

    def _item(self, item: Element, into: Any, depth: int, tag: str, mark: str) -> None:
        inner = item.blocks or [Element("paragraph", {}, list(item.children))]
        for place, block in enumerate(inner):
            if place == 0 and block.holds_text:
                level = "" if depth == 0 else f" {min(depth, LIST_LEVELS - 1) + 1}"
                style = f"List Bullet{level}" if tag == "bulletList" else f"List{level}"
                paragraph = into.add_paragraph(style=style)
                if mark:
                    paragraph.add_run(mark)
                self._text(block, paragraph)
            elif block.holds_text and block.tag == "paragraph":
                paragraph = into.add_paragraph()
                paragraph.paragraph_format.left_indent = Cm(INDENT_CM * (depth + 1))
                self._text(block, paragraph)
            else:
                self.block(block, into, depth + 1)

    def _code(self, block: Element, into: Any) -> None:
        paragraph = into.add_paragraph()
        paragraph.paragraph_format.left_indent = Cm(INDENT_CM)
        for place, line in enumerate(block.text.split("\n")):
            if place:
                paragraph.add_run().add_break(WD_BREAK.LINE)
            _monospaced(paragraph.add_run(clean(line)))

    def _picture(self, block: Element, into: Any) -> None:
        picture = picture_of(block)
        if picture is None:
            into.add_paragraph().add_run(clean(words_of(block))).italic = True
            return
        content, width, _ = picture
        into.add_paragraph().add_run().add_picture(content, width=Cm(min(width / PIXELS_PER_CM, PICTURE_MAX_CM)))

    def _table(self, block: Element, into: Any, depth: int) -> None:
        rows = cells_of(block)
        columns = min(max(map(len, rows), default=0), COLUMNS_MAX)
        if not columns:
            return
        table = into.add_table(len(rows), columns)
        table.style = self.document.styles["Table Grid"]
        for made, row in zip(table.rows, rows, strict=True):
            for cell, wanted in zip(made.cells, row, strict=False):
                self._cell(wanted, cell, depth)

    def _cell(self, wanted: Element, cell: Any, depth: int) -> None:
        first = cell.paragraphs[0]
        for inner in wanted.blocks or [Element("paragraph", {}, list(wanted.children))]:
            self.block(inner, cell, depth)
        if len(cell.paragraphs) > 1:
            first._element.getparent().remove(first._element)  # Word asks for one, and that was empty
        if wanted.tag == "tableHeader":
            for run in (run for paragraph in cell.paragraphs for run in paragraph.runs):
                run.bold = True

    def _text(self, block: Element, paragraph: Any) -> None:
        for child in block.children:
            if isinstance(child, Run):
                self._run(child, paragraph)
            else:
                paragraph.add_run().add_break(WD_BREAK.LINE)

    def _run(self, run: Run, paragraph: Any) -> None:
        made = paragraph.add_run(clean(run.text))
        made.bold = "bold" in run.marks or None
        made.italic = "italic" in run.marks or None
        made.underline = "underline" in run.marks or None
        made.font.strike = "strike" in run.marks or None
        if "code" in run.marks:
            _monospaced(made)
        address = link_of(run)
        if address:
            made.font.color.rgb, made.underline = LINK_COLOUR, True
            link = OxmlElement("w:hyperlink")
            link.set(qn("r:id"), paragraph.part.relate_to(address, RELATIONSHIP_TYPE.HYPERLINK, is_external=True))
            made._element.addprevious(link)
            link.append(made._element)


def _monospaced(run: Any) -> None:
    run.font.name, run.font.size = MONOSPACED, Pt(10)


def _rule(paragraph: Any) -> None:
    """Draw a line below an empty paragraph, as Word does for three hyphens."""
    borders, line = OxmlElement("w:pBdr"), OxmlElement("w:bottom")
    for name, value in (("val", "single"), ("sz", "6"), ("space", "1"), ("color", "auto")):
        line.set(qn(f"w:{name}"), value)
    borders.append(line)
    paragraph._p.get_or_add_pPr().append(borders)
