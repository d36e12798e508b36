"""Writes a document as a PDF file, in fonts it carries with it.

DejaVu Sans has the letters of most alphabets; what is Chinese, Japanese or Korean is set in fonts that readers of PDF
files have. A character that no font has shows as a box, and can still be copied; what runs from right to left is set
the other way. The file says so at its beginning.
"""

from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_LEFT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import cm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import (
    Flowable,
    HRFlowable,
    Image,
    Indenter,
    Paragraph,
    Preformatted,
    SimpleDocTemplate,
    Spacer,
    Table,
    TableStyle,
)

from apps.collaboration.content.letters import Place, shortcomings
from apps.collaboration.content.making import Deadline, making
from apps.collaboration.content.parts import cells_of, clean, is_done, link_of, number_of, picture_of, words_of
from apps.collaboration.content.tree import Element
from apps.collaboration.reading import Run

FONTS = Path(__file__).with_name("fonts")
FACES = {
    "Text": "DejaVuSans",
    "Text-Bold": "DejaVuSans-Bold",
    "Text-Italic": "DejaVuSans-Oblique",
    "Text-BoldItalic": "DejaVuSans-BoldOblique",
    "Code": "DejaVuSansMono",
}
CHINESE, JAPANESE, KOREAN = "STSong-Light", "HeiseiMin-W3", "HYSMyeongJo-Medium"
ASIAN = (  # first, last, font
    (0x1100, 0x11FF, KOREAN),
    (0x2E80, 0x303F, CHINESE),
    (0x3040, 0x30FF, JAPANESE),
    (0x3130, 0x318F, KOREAN),
    (0x3200, 0x9FFF, CHINESE),
    (0xAC00, 0xD7AF, KOREAN),
    (0xF900, 0xFAFF, CHINESE),
    (0xFE30, 0xFE4F, CHINESE),
    (0xFF00, 0xFFEF, CHINESE),
)
MARKS = {"bold": "b", "italic": "i", "underline": "u", "strike": "strike"}
LINK_COLOUR, QUIET = "#1f5fbf", HexColor("#57606a")
LINE = HexColor("#c9ced4")
MARGIN = 2.2 * cm
FRAME_PADDING = 6.0  # of reportlab's frames
INDENT = 0.6 * cm
INDENT_MAX = 8 * INDENT  # what is nested more deeply goes no further in
SIZE = 10.5
HEADING_SIZES = {1: 20, 2: 15.5, 3: 12.5}
PIXELS_PER_POINT = 96 / 72
CODE_CHARACTERS = 82  # a line; a longer one is broken
CELL_MAX_CHARACTERS = 2_000  # of a table that is set as one; a taller cell would fit on no page
COLUMNS_MAX = 12


@cache
def _register() -> None:
    for name, file in FACES.items():
        pdfmetrics.registerFont(TTFont(name, FONTS / f"{file}.ttf"))
    pdfmetrics.registerFontFamily(
        "Text", normal="Text", bold="Text-Bold", italic="Text-Italic", boldItalic="Text-BoldItalic"
    )
    pdfmetrics.registerFontFamily("Code", normal="Code", bold="Code", italic="Code", boldItalic="Code")
    for name in (CHINESE, JAPANESE, KOREAN):
        pdfmetrics.registerFont(UnicodeCIDFont(name))
        pdfmetrics.registerFontFamily(name, normal=name, bold=name, italic=name, boldItalic=name)


def document_pdf(blocks: list[Element], title: str) -> bytes:
    """Return the file. Raises TooLarge and FilesBusy."""
    _register()
    with making(blocks) as deadline:
        made = BytesIO()
        template = _Template(made, deadline, clean(title))
        writer = _Writer(deadline, template.width - 2 * FRAME_PADDING)
        story = [flowable for block in blocks for flowable in writer.block(block, 0)]
        if notice := shortcomings(blocks, _has):
            story.insert(0, Paragraph(escape(notice), STYLES["notice"]))
        template.build(story or [Spacer(1, 1)], onFirstPage=_number, onLaterPages=_number)
        return made.getvalue()


class _Template(SimpleDocTemplate):
    """Pages that are set until the deadline."""

    def __init__(self, into: BytesIO, deadline: Deadline, title: str) -> None:
        margins = {f"{side}Margin": MARGIN for side in ("left", "right", "top", "bottom")}
        super().__init__(into, pagesize=A4, title=title, author="", **margins)
        self._until = deadline

    def afterFlowable(self, _: Flowable) -> None:  # noqa: N802  (reportlab's name)
        self._until.check()


def _number(canvas: Any, _: Any) -> None:
    canvas.setFont("Text", 8)
    canvas.setFillColor(QUIET)
    canvas.drawCentredString(A4[0] / 2, MARGIN / 2, str(canvas.getPageNumber()))


def _style(name: str, size: float = SIZE, **more: Any) -> ParagraphStyle:
    usual = {
        "fontName": "Text",
        "leading": size * 1.45,
        "spaceAfter": size * 0.6,
        "alignment": TA_LEFT,
        "wordWrap": None,
    }
    return ParagraphStyle(name, fontSize=size, **{**usual, "splitLongWords": 1, **more})


STYLES = {
    "text": _style("text"),
    "item": _style("item", spaceAfter=3),
    "quote": _style("quote", textColor=QUIET, fontName="Text-Italic", leftIndent=INDENT),
    "cell": _style("cell", 9.5, spaceAfter=2),
    "notice": _style(
        "notice",
        8.5,
        textColor=QUIET,
        borderColor=LINE,
        borderWidth=0.5,
        borderPadding=5,
        borderRadius=3,
        spaceAfter=16,
    ),
    "code": _style(
        "code", 9, fontName="Code", leading=12.5, backColor=HexColor("#f3f4f6"), borderPadding=5, spaceBefore=6
    ),
    **{
        f"heading{level}": _style(
            f"heading{level}", size, fontName="Text-Bold", leading=size * 1.25, spaceBefore=size * 0.8, keepWithNext=1
        )
        for level, size in HEADING_SIZES.items()
    },
}


class _Writer:
    """Turns blocks into what reportlab sets. `width`: of a line, in points."""

    def __init__(self, deadline: Deadline, width: float) -> None:
        self._deadline = deadline
        self._width = width

    def block(self, block: Element, depth: int, style: str = "text") -> list[Flowable]:
        self._deadline.check()
        match block.tag:
            case "heading":
                return [Paragraph(_markup(block), STYLES[f"heading{block.level}"])]
            case "bulletList" | "orderedList" | "taskList":
                return self._list(block, depth)
            case "blockquote":
                return self._within(block.blocks, depth, "quote")
            case "codeBlock":
                return [Preformatted(clean(block.text), STYLES["code"], maxLineLength=CODE_CHARACTERS), Spacer(1, 6)]
            case "horizontalRule":
                return [HRFlowable(width="100%", color=LINE, spaceBefore=8, spaceAfter=12)]
            case "image":
                return [self._picture(block)]
            case "table":
                return self._table(block, depth)
        if block.blocks:
            return self._within(block.blocks, depth, style)
        return [Paragraph(_markup(block) or "&nbsp;", STYLES[style])]

    def _within(self, blocks: list[Element], depth: int, style: str) -> list[Flowable]:
        return [flowable for block in blocks for flowable in self.block(block, depth, style)]

    def _list(self, block: Element, depth: int) -> list[Flowable]:
        first = number_of(block.attributes, "start", 1)
        made: list[Flowable] = []
        step = INDENT if depth * INDENT < INDENT_MAX else 0
        for place, item in enumerate(block.blocks):
            mark = {"taskList": "☑" if is_done(item) else "☐", "bulletList": "•"}.get(block.tag, f"{first + place}.")
            made += [Indenter(left=step), *self._item(item, depth, mark), Indenter(left=-step)]
        return [*made, Spacer(1, 4)] if depth == 0 else made

    def _item(self, item: Element, depth: int, mark: str) -> list[Flowable]:
        inner = item.blocks or [Element("paragraph", {}, list(item.children))]
        if not inner[0].holds_text:
            return [Paragraph(mark, STYLES["item"]), *self._within(inner, depth + 1, "item")]
        markup = f"<bullet>{escape(mark)}</bullet>{_markup(inner[0]) or '&nbsp;'}"
        hanging = ParagraphStyle("hanging", parent=STYLES["item"], bulletIndent=-INDENT, bulletFontName="Text")
        return [Paragraph(markup, hanging), *self._within(inner[1:], depth + 1, "item")]

    def _picture(self, block: Element) -> Flowable:
        picture = picture_of(block)
        if picture is None:
            return Paragraph(f"<i>{_set(clean(words_of(block)))}</i>", STYLES["text"])
        content, width, height = picture
        scale = min(1 / PIXELS_PER_POINT, self._width / 2 / width, A4[1] / 2 / height)
        if width / PIXELS_PER_POINT > self._width / 2:
            scale = min(self._width / width, A4[1] / 2 / height, 1 / PIXELS_PER_POINT)
        return Image(content, width * scale, height * scale, hAlign="LEFT")

    def _table(self, block: Element, depth: int) -> list[Flowable]:
        rows = cells_of(block)
        columns = max(map(len, rows), default=0)
        if not columns:
            return []
        if columns > COLUMNS_MAX or any(
            _length(cell) > CELL_MAX_CHARACTERS or _has_table(cell) for row in rows for cell in row
        ):
            return self._within([cell for row in rows for cell in row], depth, "cell")
        filled = [[self._within([cell], 0, "cell") for cell in row] + [""] * (columns - len(row)) for row in rows]
        width = (self._width - min(depth * INDENT, INDENT_MAX)) / columns
        table = Table(filled, colWidths=[width] * columns, hAlign="LEFT", splitInRow=1)
        heads = [
            ("BACKGROUND", (x, y), (x, y), HexColor("#f3f4f6"))
            for y, row in enumerate(rows)
            for x, cell in enumerate(row)
            if cell.tag == "tableHeader"
        ]
        table.setStyle(TableStyle([("GRID", (0, 0), (-1, -1), 0.5, LINE), ("VALIGN", (0, 0), (-1, -1), "TOP"), *heads]))
        return [table, Spacer(1, 10)]


def _length(block: Element) -> int:
    return sum(len(child.text) if isinstance(child, Run) else _length(child) for child in block.children)


def _has_table(block: Element) -> bool:
    return any(inner.tag in ("table", "image") or _has_table(inner) for inner in block.blocks)


def _markup(block: Element) -> str:
    """Return a block's runs in reportlab's markup."""
    return "".join(_run(child) if isinstance(child, Run) else "<br/>" for child in block.children)


def _run(run: Run) -> str:
    text = _set(clean(run.text))
    if "code" in run.marks:
        text = f'<font name="Code">{text}</font>'
    for mark, tag in MARKS.items():
        if mark in run.marks:
            text = f"<{tag}>{text}</{tag}>"
    address = link_of(run)
    return f'<a href={quoteattr(clean(address))} color="{LINK_COLOUR}">{text}</a>' if address else text


def _set(text: str) -> str:
    """Return `text` as markup, each part in a font that has it."""
    if text.isascii():
        return _spaced(escape(text))
    made, start, font = [], 0, _font(text[0]) if text else ""
    for place, character in enumerate(text):
        other = _font(character)
        if other != font:
            made.append(_part(text[start:place], font))
            start, font = place, other
    return "".join([*made, _part(text[start:], font)])


def _part(text: str, font: str) -> str:
    return f'<font name="{font}">{escape(text)}</font>' if font else _spaced(escape(text))


def _spaced(text: str) -> str:
    return text.replace("\n", "<br/>")


def _font(character: str) -> str:
    """Return the font of a character that DejaVu has not; empty for all others."""
    code = ord(character)
    return next((font for first, last, font in ASIAN if first <= code <= last), "") if code >= 0x1100 else ""


def _has(character: str, place: Place) -> bool:
    """Say whether a character shows as one. In a block of code no other font stands in."""
    if place is not Place.CODE_BLOCK and _font(character):
        return True
    font = pdfmetrics.getFont("Text" if place is Place.TEXT else "Code")
    return ord(character) in font.face.charToGlyph
