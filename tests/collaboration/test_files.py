"""Word and PDF files of a document, read back."""

from io import BytesIO
from typing import Any

import pytest
from docx import Document as WordFile
from pypdf import PdfReader
from pytest_django import Settings

from apps.collaboration.content import making
from apps.collaboration.content.docx import document_docx
from apps.collaboration.content.pdf import document_pdf
from apps.collaboration.content.tree import Element
from apps.collaboration.reading import Run
from apps.core.errors import TooLarge
from tests.cast import browser_of, make_user

DOT = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAoAAAAKCAYAAACNM"
    "s+9AAAAFUlEQVR42mP8z8BQz0AEYBxVSF+FABJADveWkH6oAAAAAElFTkSuQmCC"
)
MARKED: dict[str, dict[str, Any]] = {
    "bold": {"bold": {}},
    "italic": {"italic": {}},
    "underlined": {"underline": {}},
    "struck": {"strike": {}},
    "coded": {"code": {}},
    "linked": {"link": {"href": "https://example.org/?a=1&b=2"}},
    "harmful": {"link": {"href": "javascript:alert(1)"}},
}


def text(words: str, **marks: Any) -> Element:
    return Element("paragraph", {}, [Run(words, marks)])


def holding(tag: str, *children: Element, **attributes: Any) -> Element:
    return Element(tag, attributes, list(children))


def cells(tag: str, *words: str) -> Element:
    return holding("tableRow", *(holding(tag, text(one)) for one in words))


BLOCKS = [
    Element("heading", {"level": 1.0}, [Run("A heron & <its> weir", {})]),
    Element("heading", {"level": float("nan")}, [Run("Second", {})]),
    Element("paragraph", {}, [Run(f"{word} ", marks) for word, marks in MARKED.items()]),
    Element("paragraph", {}, [Run("above", {}), Element("hardBreak"), Run("below \0\x0b\ufffe", {})]),
    text("Цапля ждала. Ο ερωδιός. 苍鹭 かもめ 한국"),  # noqa: RUF001
    holding(
        "bulletList",
        holding("listItem", text("by the weir"), holding("bulletList", holding("listItem", text("nested")))),
    ),
    holding("orderedList", holding("listItem", text("third")), holding("listItem", text("fourth")), start=3.0),
    holding("taskList", holding("taskItem", text("open")), holding("taskItem", text("finished"), checked=True)),
    holding("blockquote", text("Quoted"), holding("bulletList", holding("listItem", text("in a quote")))),
    Element("codeBlock", {"language": "js"}, [Run("if (a < b) {\n  go();\n}", {})]),
    Element("horizontalRule"),
    Element("image", {"src": DOT, "alt": "A dot"}),
    Element("image", {"src": "https://example.org/far.png", "alt": "Far away"}),
    Element("image", {"src": "data:image/png;base64,AAAA", "alt": "Broken"}),
    holding(
        "table", cells("tableHeader", "Name", "Where"), cells("tableCell", "Anna", "Haarlem"), cells("tableCell", "Bob")
    ),
    holding("table"),
    holding("bulletList", holding("listItem")),
    Element("paragraph"),
    Element("unheard-of", {}, [Run("kept", {})]),
]
EVERY_WORD = (
    *("A heron & <its> weir", "Second", *MARKED, "above", "below", "Цапля ждала. Ο ερωδιός.", "苍鹭", "かもめ", "한국"),  # noqa: RUF001
    *("by the weir", "nested", "3.", "third", "4.", "fourth", "☐ open", "☑ finished", "Quoted", "in a quote"),
    *("if (a < b) {", "go();", "Far away", "Broken", "kept"),
)


def test_a_word_file_has_every_block_and_mark() -> None:
    made = WordFile(BytesIO(document_docx(BLOCKS, "Heron")))
    assert made.core_properties.title == "Heron"
    whole = "\n".join(paragraph.text for paragraph in made.paragraphs).replace("\t", " ")
    for words in EVERY_WORD:
        assert words in whole, words
    styles = {paragraph.text: paragraph.style.name for paragraph in made.paragraphs if paragraph.style}
    assert styles["A heron & <its> weir"] == "Heading 1"
    assert (styles["by the weir"], styles["nested"], styles["Quoted"]) == ("List Bullet", "List Bullet 2", "Quote")
    runs = {run.text.strip(): run for paragraph in made.paragraphs for run in paragraph.runs}
    assert (runs["bold"].bold, runs["italic"].italic, runs["underlined"].underline) == (True, True, True)
    assert (runs["struck"].font.strike, runs["coded"].font.name) == (True, "Courier New")
    links = {link.text.strip(): link.address for paragraph in made.paragraphs for link in paragraph.hyperlinks}
    assert links == {"linked": "https://example.org/?a=1&b=2"}
    [table] = made.tables
    rows = [[cell.text for cell in row.cells] for row in table.rows]
    assert rows == [["Name", "Where"], ["Anna", "Haarlem"], ["Bob", ""]]
    assert table.rows[0].cells[0].paragraphs[0].runs[0].bold
    assert len(made.inline_shapes) == 1


def test_a_pdf_file_has_every_block_its_links_and_its_pictures() -> None:
    made: Any = PdfReader(BytesIO(document_pdf(BLOCKS, "Heron")))
    assert made.metadata.title == "Heron"
    whole = "\n".join(page.extract_text() for page in made.pages)
    for words in (*EVERY_WORD, "Name", "Haarlem", "Bob"):
        assert words in whole, words
    assert "1" in whole.splitlines()  # the page's number
    fonts = {
        font["/BaseFont"].partition("+")[2] for page in made.pages for font in page["/Resources"]["/Font"].values()
    }
    assert {"DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSansMono"} <= fonts
    notes = [note.get_object() for page in made.pages for note in page.get("/Annots", [])]
    assert [note["/A"]["/URI"] for note in notes] == ["https://example.org/?a=1&b=2"]
    assert len([image for page in made.pages for image in page.images]) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("The heron, ждала. Ο ερωδιός é ½ → 苍鹭 かもめ 한국", ""),  # noqa: RUF001
        ("بجعة", "Arabic from left to right."),
        ("אנפה and बगुला", "This file shows Devanagari as boxes and Hebrew from left to right."),
        ("बगुला นกกระสา 𓅞🪿", "Devanagari, Egyptian, Thai and some signs as boxes."),
    ],
)
def test_a_pdf_file_says_which_letters_it_cannot_show(words: str, said: str) -> None:
    for made in (text(words), holding("blockquote", text(words))):
        whole = PdfReader(BytesIO(document_pdf([made], "Heron"))).pages[0].extract_text().replace("\n", " ")
        assert (said or "The heron") in whole
        assert ("This file shows" in whole) == bool(said)


def test_what_fits_on_no_page_is_set_all_the_same() -> None:
    tall = holding("table", holding("tableRow", holding("tableCell", *(text(f"line {line}") for line in range(300)))))
    long = [text("heron " * 20_000), text("x" * 5_000), tall, Element("codeBlock", {}, [Run("y" * 5_000, {})])]
    deep = text("deepest")
    for _ in range(30):
        deep = holding("bulletList", holding("listItem", deep))
    whole = "".join(page.extract_text() for page in PdfReader(BytesIO(document_pdf([*long, deep], "Long"))).pages)
    assert (whole.count("heron"), whole.count("x"), whole.count("y")) == (20_000, 5_000, 5_000)
    assert "line 299" in whole
    assert "deepest" in whole
    assert "deepest" in WordFile(BytesIO(document_docx([deep], "Deep"))).paragraphs[-1].text


@pytest.mark.parametrize("make", [document_docx, document_pdf])
def test_a_file_has_a_limit_of_size_and_of_time(make: object, settings: Settings) -> None:
    assert callable(make)
    settings.CONTENT_FILE_MAX_CHARACTERS = 50
    with pytest.raises(TooLarge, match="50 characters"):
        make(BLOCKS, "Heron")
    settings.CONTENT_FILE_MAX_CHARACTERS = 1_000_000
    settings.CONTENT_FILE_SECONDS = -1
    with pytest.raises(TooLarge, match="too long"):
        make(BLOCKS, "Heron")


@pytest.mark.django_db(transaction=True)
def test_files_are_asked_for_over_rest_and_only_so_many_are_made_at_once(settings: Settings) -> None:
    alice, eve = make_user("Alice"), make_user("Eve")
    browser = browser_of(alice)
    body = {"title": 'Heron: "a/b" – 苍鹭', "markdown": "# A heron\n\nIt waits.\n"}
    made = browser.post("/api/v1/documents/", body, content_type="application/json").json()["id"]
    path = f"/api/v1/documents/{made}/content?format="
    word, pdf = browser.get(path + "docx"), browser.get(path + "pdf")
    assert [one.text for one in WordFile(BytesIO(word.content)).paragraphs] == ["A heron", "It waits."]
    assert pdf["Content-Type"] == "application/pdf"
    assert "It waits." in PdfReader(BytesIO(pdf.content)).pages[0].extract_text()
    assert pdf["Content-Disposition"].startswith("attachment; filename*=utf-8''Heron%20a%20b%20")
    assert pdf["ETag"] == word["ETag"]
    assert browser_of(eve).get(path + "pdf").status_code == 404
    settings.CONTENT_FILE_WAIT_SECONDS = 0
    taken = [making._room.acquire(blocking=False) for _ in range(settings.CONTENT_FILES_AT_ONCE)]
    try:
        refused = browser.get(path + "pdf")
    finally:
        for _ in taken:
            making._room.release()
    assert (refused.status_code, refused.json()["code"], refused["Retry-After"]) == (503, "overloaded", "5")
    settings.CONTENT_FILE_MAX_CHARACTERS = 3
    assert browser.get(path + "docx").json()["code"] == "too_large"
