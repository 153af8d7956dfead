"""Markdown put at the end of a document: text and tables, with links in place of images, so that
nothing is loaded."""

from __future__ import annotations

from PySide6.QtGui import (
    QGuiApplication,
    QTextBlock,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextList,
    QTextTable,
)

_FEATURES = (
    QTextDocument.MarkdownFeature.MarkdownDialectGitHub
    | QTextDocument.MarkdownFeature.MarkdownNoHTML
)
_GAP = 8
"""Above a heading and around a table, in pixels."""


def add_markdown(cursor: QTextCursor, text: str, *, is_fresh: bool) -> bool:
    """Lay the text out at the end of the cursor's document, in its last block where that `is_fresh`
    and empty. Returns whether the last block is fresh and empty now, as after a table."""
    source = QTextDocument()
    source.setDefaultFont(cursor.document().defaultFont())
    source.setMarkdown(_keep_line_breaks(text), _FEATURES)
    if source.isEmpty():
        return is_fresh
    lists: dict[int, QTextList] = {}
    block = source.begin()
    if not block.text() and block.next().isValid():
        block = block.next()  # a table or a line has an empty block before it
    while block.isValid():
        table: QTextTable | None = QTextCursor(block).currentTable()
        if table is not None:
            _add_table(cursor, table)
            block = table.lastCursorPosition().block().next()
            # The source too has an empty block behind a table at its end.
            is_last = block.isValid() and not block.next().isValid() and not block.text()
            block, is_fresh = block.next() if is_last else block, True
            continue
        start_block(cursor, block.blockFormat(), is_fresh=is_fresh)
        _join_list(cursor, block.textList(), lists)
        _add_runs(cursor, block)
        block, is_fresh = block.next(), False
    return is_fresh


def start_block(cursor: QTextCursor, form: QTextBlockFormat, *, is_fresh: bool) -> None:
    """Begin a block of this format, or give it to the last one where that is fresh."""
    form = QTextBlockFormat(form)
    form.setObjectIndex(-1)
    if form.headingLevel():
        form.setTopMargin(_GAP)
    cursor.movePosition(QTextCursor.MoveOperation.End)
    if is_fresh:
        cursor.setBlockFormat(form)
        cursor.setBlockCharFormat(QTextCharFormat())
    else:
        cursor.insertBlock(form, QTextCharFormat())


def _join_list(cursor: QTextCursor, of: QTextList | None, lists: dict[int, QTextList]) -> None:
    if of is not None:
        known = lists.get(of.objectIndex())
        if known is None:
            lists[of.objectIndex()] = cursor.createList(of.format())
        else:
            known.add(cursor.block())


def _add_table(cursor: QTextCursor, table: QTextTable) -> None:
    cursor.movePosition(QTextCursor.MoveOperation.End)
    form = table.format()
    form.setTopMargin(_GAP)
    form.setBottomMargin(_GAP)
    made = cursor.insertTable(table.rows(), table.columns(), form)
    for row in range(table.rows()):
        for column in range(table.columns()):
            cell = table.cellAt(row, column).firstCursorPosition().block()
            into = made.cellAt(row, column).firstCursorPosition()
            into.setBlockFormat(cell.blockFormat())
            _add_runs(into, cell)
    cursor.movePosition(QTextCursor.MoveOperation.End)


def _add_runs(cursor: QTextCursor, block: QTextBlock) -> None:
    """Add a block's text, each run in its format."""
    units = block.text().encode("utf-16-le", "surrogatepass")
    for run in block.textFormats():
        form = run.format
        text = units[2 * run.start : 2 * (run.start + run.length)].decode("utf-16-le", "replace")
        if form.isImageFormat():
            form, text = _link_to(form)
        cursor.insertText(text, form)


def _link_to(image: QTextCharFormat) -> tuple[QTextCharFormat, str]:
    form = QTextCharFormat()
    form.setAnchor(True)
    form.setAnchorHref(image.toImageFormat().name())
    form.setForeground(QGuiApplication.palette().link())
    return form, str(image.property(QTextFormat.Property.ImageAltText))


def _keep_line_breaks(text: str) -> str:
    """The text with a hard break at each line's end, except inside code fences.

    Models break lines where they mean it; Markdown alone would join them.
    """
    lines, in_code = [], False
    for line in text.splitlines():
        if line.lstrip().startswith(("```", "~~~")):
            in_code = not in_code
            lines.append(line)
        else:
            lines.append(line if in_code or not line.strip() else f"{line}  ")
    return "\n".join(lines)
