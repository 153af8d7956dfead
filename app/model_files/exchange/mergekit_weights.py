"""The scales of a slice's branches: mergekit's weights, as far as a merge of outputs has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.model_files.exchange.complaints import Complaints
from app.model_files.exchange.parameters import Varies, look_up, number_in
from app.model_files.exchange.yaml_text import Value
from app.plan.lines import shown
from app.plan.scales import normalised

INSTEAD = "Make the merge with mergekit, convert the result to GGUF and add that as a source."

Scopes = tuple[Value | None, ...]
"""The `parameters` that count for a slice, the innermost first."""


class Weights:
    """Looks the parameters of one merge method up."""

    def __init__(self, method: str, complaints: Complaints) -> None:
        self._method = method
        self._say = complaints

    def scales(
        self,
        line: int,
        entries: Sequence[Mapping[str, Value]],
        names: Sequence[str],
        scopes: Scopes,
    ) -> Sequence[float]:
        """One for each source, in their order. Raises Unreadable."""
        if self._method == "passthrough":
            factor = self._number("scale", (entries[0].get("parameters"), *scopes))
            if factor not in (None, 1.0):
                self._say.refuse(
                    line,
                    f"scale multiplies the weights of {shown(names[0])} by {factor:g}; a plan runs "
                    "them as they are.",
                    INSTEAD,
                )
            return (1.0,)
        weights = []
        for entry, name in zip(entries, names, strict=True):
            weight = self._number("weight", (entry.get("parameters"), *scopes))
            if weight is None:
                self._say.stop(
                    entry["model"].line,
                    f"linear needs a weight for {shown(name)}.",
                    "Write “parameters:” and below it “weight: 0.5” or another number.",
                )
            weights.append(weight)
        if not self._is_normalised(scopes):
            if len(weights) == 1 and weights[0] != 1.0:
                self._say.stop(
                    line,
                    f"A single model is scaled by {weights[0]:g}, without “normalize”.",
                    "Write the weight 1; a plan runs weights as they are.",
                )
            return weights
        if abs(sum(weights)) <= 1e-5 * max(map(abs, weights)):
            self._say.stop(
                line,
                "The weights add up to 0, and linear divides by their sum.",
                "Choose weights with another sum, or write “normalize: false”.",
            )
        return normalised(weights) if len(weights) > 1 else (1.0,)

    def _is_normalised(self, scopes: Scopes) -> bool:
        value = self._parameter("normalize", scopes)
        if value is None:
            return True
        if not isinstance(value.data, bool):
            self._say.stop(
                value.line,
                f"normalize is {shown(str(value.data))} instead of true or false.",
                "Write true (the default) or false.",
            )
        return value.data

    def _number(self, name: str, scopes: Scopes) -> float | None:
        value = self._parameter(name, scopes)
        if value is None:
            return None
        number = number_in(value)
        if number is None:
            self._say.stop(
                value.line,
                f"{name} is {shown(str(value.data))} instead of a number.",
                "Write a number such as 0.5.",
            )
        return number

    def _parameter(self, name: str, scopes: Scopes) -> Value | None:
        try:
            return look_up(name, scopes)
        except Varies as error:
            self._say.stop(
                error.line,
                f"{error} A merge has one scale for a whole branch.",
                "Write one number, or cut the layers into slices with a number each.",
            )
