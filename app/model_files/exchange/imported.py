"""From slices of layers and the model files at hand to a plan."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from types import MappingProxyType

from app.model_files.exchange.mergekit_reader import MergekitConfig
from app.model_files.exchange.model_names import file_stem, source_names
from app.model_files.exchange.stack import Branch, Slice, model_names
from app.model_files.model_file import ModelFile
from app.plan.checks import check_plan
from app.plan.document import TOKENS, Block, MergeBlock, MergeInput, Plan, WeightBlock
from app.plan.layer_ranges import runs
from app.plan.lines import shown
from app.plan.problem import Problem, errors
from app.plan.reader import ReadPlan


@dataclass(frozen=True, slots=True)
class _Source:
    """A model as a source of the plan: its own layers by number, and where they are counted on."""

    name: str
    layers: Sequence[int]
    first: int
    file: ModelFile | None


def plan_of(config: MergekitConfig, files: Sequence[ModelFile | None]) -> ReadPlan:
    """The plan that a configuration stands for, and all problems of both.

    `files` are those of its models, in order of first mention. A model without a file is taken to
    have as many layers as any that is known or named, and a note says so.
    """
    if errors(config.problems):
        return ReadPlan(None, config.problems)
    names = model_names(config.slices)
    unknown = [name for name, file in zip(names, files, strict=True) if file is None]
    uncounted = tuple(_uncounted(config.slices, unknown))
    if uncounted:
        return ReadPlan(None, (*config.problems, *uncounted))
    n_assumed = _most_layers(config.slices, files)
    sources = tuple(_sources(names, files, n_assumed))
    building = _Building(sources)
    for slice_ in config.slices:
        building.add(slice_)
    plan = building.plan()
    n_layers = sum(len(source.layers) for source in sources)
    broken = building.problems or [
        replace(p, line=building.lines.get(p.block_id or ""))
        for p in errors(check_plan(plan, n_layers))
    ]
    remarks = _remarks(config, names, unknown, n_assumed)
    problems = (*config.problems, *broken, *remarks)
    return ReadPlan(None if broken else plan, problems, building.lines)


class _Building:
    """Puts block after block; each slice is fed by the one before it."""

    def __init__(self, sources: Sequence[_Source]) -> None:
        self.problems: list[Problem] = []
        self.lines: dict[str, int] = {}
        self._blocks: dict[str, Block] = {}
        self._end = TOKENS
        self._sources = {source.name: source for source in sources}

    def plan(self) -> Plan:
        """What was built, with the names of its sources."""
        files = [source.file for source in self._sources.values() if source.file is not None]
        called = iter(source_names(files))
        names = [s.name if s.file is None else next(called) for s in self._sources.values()]
        return Plan(MappingProxyType(self._blocks), self._end, tuple(names))

    def add(self, slice_: Slice) -> None:
        """One block after the last one, or several side by side and their merge."""
        ends = [self._branch(branch) for branch in slice_]
        if len(slice_) == 1:
            self._end = ends[0]
            return
        inputs = tuple(MergeInput(end, b.scale) for end, b in zip(ends, slice_, strict=True))
        keeps_sum = abs(sum(branch.scale for branch in slice_) - 1.0) < 1e-9
        merge = MergeBlock(f"b{len(self._blocks)}", inputs, sums_to_one=keeps_sum)
        self._end = self._put(merge, slice_[0].line)

    def _branch(self, branch: Branch) -> str:
        """The id of the last block of a branch; there are several where a file lacks layers."""
        source, end = self._sources[branch.model], self._end
        title = file_stem(branch.model.partition("@")[0]) if len(self._sources) > 1 else ""
        for run in runs(self._weight_layers(source, branch)):
            id_ = f"b{len(self._blocks)}"
            end = self._put(WeightBlock(id_, run.start, len(run), end, title=title), branch.line)
        return end

    def _weight_layers(self, source: _Source, branch: Branch) -> list[int]:
        wanted = source.layers if branch.layers is None else branch.layers
        missing = [layer for layer in wanted if layer not in source.layers]
        if missing:
            name = shown(source.file.path.name if source.file else source.name)
            self.problems.append(
                Problem(
                    "weight-range",
                    f"{shown(branch.model)} should give layer {missing[0]}, but {name} has "
                    f"layers {source.layers[0]} to {source.layers[-1]}.",
                    "Use another range, or the file with all layers.",
                    line=branch.line,
                )
            )
        held = [layer for layer in wanted if layer in source.layers]
        return [source.first + source.layers.index(layer) for layer in held]

    def _put(self, block: Block, line: int) -> str:
        self._blocks[block.id] = block
        self.lines[block.id] = line
        return block.id


def _sources(
    names: Sequence[str], files: Sequence[ModelFile | None], n_assumed: int
) -> Iterable[_Source]:
    layers: list[Sequence[int]] = [range(n_assumed) if f is None else f.layers for f in files]
    firsts = accumulate((len(held) for held in layers), initial=0)
    return (_Source(*parts) for parts in zip(names, layers, firsts, files, strict=False))


def _most_layers(slices: Iterable[Slice], files: Iterable[ModelFile | None]) -> int:
    named = (b.layers.stop for slice_ in slices for b in slice_ if b.layers is not None)
    held = (file.layers[-1] + 1 for file in files if file is not None)
    return max((*named, *held), default=0)


def _uncounted(slices: Iterable[Slice], unknown: Sequence[str]) -> Iterable[Problem]:
    """All layers of a model are asked for, and nobody knows how many there are."""
    for slice_ in slices:
        for branch in slice_:
            if branch.layers is None and branch.model in unknown:
                yield Problem(
                    "model-unknown",
                    f"All layers of {shown(branch.model)} are used, but the number of its layers "
                    "is known only from its file.",
                    "Import again with its GGUF file (--model, or opened in the window), or "
                    "write slices with a layer_range.",
                    line=branch.line,
                )


def _remarks(
    config: MergekitConfig, names: Sequence[str], unknown: Sequence[str], n_assumed: int
) -> Iterable[Problem]:
    if unknown:
        yield _note(
            "source-missing",
            f"No model file matches {_listed(unknown)}.",
            "The name is kept in the plan's sources; add the GGUF file made from that model.",
        )
    counted_on = [name for name in names[:-1] if name in unknown]
    if counted_on:
        yield _note(
            "layers-assumed",
            f"Weight layers are numbered as if {_listed(counted_on)} had {n_assumed} layers, the "
            "highest number known.",
            "If that is wrong, import again with the files.",
        )
    if any(len(slice_) > 1 for slice_ in config.slices):
        yield _note(
            "approximation",
            "linear was imported as branches whose outputs are merged. That is an "
            "approximation: mergekit averages the weights themselves, embeddings and head too.",
            "The scales can be changed while the model replies; baking the plan averages the "
            "weights.",
        )
    elif {branch.model for branch in config.slices[-1]} != {names[0]}:
        yield _note(
            "head",
            "mergekit takes the output norm and the head from the last slice's model, a plan from "
            f"its first source, {shown(names[0])}.",
        )


def _note(code: str, message: str, fix: str = "") -> Problem:
    return Problem(code, message, fix, "note")


def _listed(names: Sequence[str]) -> str:
    return " or ".join(shown(name) for name in names)
