"""Templates: the dialog that asks for their numbers, and the plans that come of it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtTest import QTest

from app.plan import edits
from app.plan.checks import check_plan
from app.plan.document import Plan
from app.plan.problem import errors
from app.plan.templates import TEMPLATES, Template
from app.ui.palette.template_dialog import TemplateDialog
from app.ui.palette.templates import Templates, with_inserted
from tests.ui.hands import click


@pytest.fixture
def made() -> list[Plan]:
    """The plans that were opened as new ones."""
    return []


@pytest.fixture
def templates(canvas, made) -> Templates:
    return Templates(canvas, canvas, made.append, lambda recipe: f"{recipe.n_plan_layers} GiB")


@pytest.fixture(params=TEMPLATES, ids=lambda t: t.id)
def template(request) -> Template:
    return request.param


def overlapping() -> Template:
    return next(t for t in TEMPLATES if "overlap" in {n.name for n in t.numbers})


def test_each_template_makes_a_plan_that_fits_the_model(templates, template, made):
    dialog = templates.ask_for_new(template)
    assert dialog.plan is not None
    assert errors(check_plan(dialog.plan, 40)) == ()
    assert "plan layers on" in dialog.figures.text()
    click(dialog.make_button)
    assert len(made) == 1
    assert not dialog.isVisible()


def test_the_figures_follow_the_numbers(templates):
    dialog = templates.ask_for_new(overlapping())
    before, field = dialog.figures.text(), dialog.fields["overlap"]
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_Up)
    assert dialog.figures.text() != before


def test_enter_opens_a_new_plan_or_inserts_as_it_was_asked_for(canvas, editor, templates, made):
    dialog = templates.ask_for_new(TEMPLATES[0])
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    assert len(made) == 1
    before = len(editor.plan.blocks)
    dialog = templates.ask_to_insert(TEMPLATES[0])
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    assert len(made) == 1
    assert len(editor.plan.blocks) > before


def test_inserting_is_one_step_beside_what_exists(canvas, editor, plan, templates, template):
    dialog = templates.ask_to_insert(template, canvas.seen_rect().center())
    click(dialog.insert_button)
    assert {i: editor.plan.blocks[i] for i in plan.blocks} == dict(plan.blocks)
    new = [i for i in editor.plan.blocks if i not in plan.blocks]
    scene = canvas.plan_scene
    assert not any(
        scene.bounds_of((a,)).intersects(scene.bounds_of((b,))) for a in new for b in plan.blocks
    )
    assert set(canvas.selected_ids()) == set(new)
    assert QRectF(canvas.seen_rect()).contains(scene.bounds_of(new))
    assert editor.undo_stack.count() == 1
    editor.undo_stack.undo()
    assert editor.plan == plan


def test_inserted_into_an_empty_plan_it_is_linked_to_both_ends():
    made = edits.whole_model(40)
    after, ids = with_inserted(Plan(sources=("a.gguf",)), made, QPointF())
    assert after.output == made.output
    assert after.sources == ("a.gguf",)
    assert ids == ("b0",)


def test_numbers_that_make_no_plan_are_explained_and_cannot_be_accepted(editor, templates):
    refusing = Template(
        "refusing", "Refusing", "It makes nothing.", (), lambda n, values: edits.whole_model(0)
    )
    dialog = templates.ask_for_new(refusing)
    assert dialog.problem.isVisible()
    assert "at least one layer" in dialog.problem.text()
    assert not dialog.make_button.isEnabled()
    assert not dialog.insert_button.isEnabled()
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    assert dialog.isVisible()


def test_without_a_model_the_number_of_layers_is_asked_too(editor, templates, template):
    editor.set_weight_layer_count(None)
    dialog = templates.ask_for_new(template)
    assert dialog.n_layers.isVisible()
    dialog.n_layers.setFocus()
    dialog.n_layers.selectAll()
    QTest.keyClicks(dialog.n_layers, "12")
    assert dialog.plan is not None
    assert errors(check_plan(dialog.plan, 12)) == ()


def test_with_a_model_the_number_of_layers_is_known(templates):
    dialog = templates.ask_for_new(TEMPLATES[0])
    assert not dialog.n_layers.isVisible()


def test_escape_makes_nothing(editor, plan, templates, made):
    dialog = templates.ask_for_new(TEMPLATES[0])
    assert isinstance(dialog, TemplateDialog)
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()
    assert made == []
    assert editor.plan == plan


def test_the_dialog_shows_the_plan(qtbot, templates):
    dialog = templates.ask_for_new(TEMPLATES[0])
    picture = dialog.picture.grab().toImage()
    colours = {picture.pixelColor(x, picture.height() // 2).name() for x in range(picture.width())}
    assert dialog.picture.isVisible()
    assert len(colours) > 3


def test_with_two_models_the_second_one_gives_the_other_slices(editor, templates):
    editor.set_weight_layer_count(70, (0, 40))
    stack = next(t for t in TEMPLATES if t.id == "two-model-stack")
    dialog = templates.ask_for_new(stack)
    assert dialog.plan is not None
    starts = [b.weight_start for b in dialog.plan.blocks.values()]
    assert [editor.source_of(start) for start in starts] == [0, 1, 0, 1]
    assert errors(check_plan(dialog.plan, 70)) == ()
    assert dialog.fields["length"].maximum() == 30
