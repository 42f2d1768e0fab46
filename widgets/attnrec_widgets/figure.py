"""What all feature pictures share: numbers to draw, what is chosen, ways out of the notebook."""

from __future__ import annotations

import base64
import io
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import numpy as np
import traitlets
from ipywidgets import Layout

from attnrec.errors import AttnrecError, did_you_mean
from attnrec_widgets import page_file
from attnrec_widgets.bundle import script, style
from attnrec_widgets.source import provenance_of
from attnrec_widgets.still import Still, images
from attnrec_widgets.traits import Checked

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

CHOICES = ("field", "item", "context", "layer", "head")
NOSCRIPT = (
    "This is a picture of the figure as it was saved. To make it live, allow scripts for this file."
)


def _check_field(self: FigureWidget, value: Any) -> Any:
    return _one_of("field", value, self.fields)


def _check_layer(self: FigureWidget, value: Any) -> Any:
    return _one_of("layer", value, self.layers)


def _check_head(self: FigureWidget, value: Any) -> Any:
    return _one_of("head", value, range(1, self.num_heads + 1))


def _check_item(self: FigureWidget, value: Any) -> Any:
    if value is not None:
        self._check_item(value)
    return plain(value)


def _check_context(self: FigureWidget, value: Any) -> Any:
    if value is None:
        return None
    if not isinstance(value, Mapping) or not value:
        raise AttnrecError(f"context: expected names and levels, got {value!r}")
    known = self.circumstances
    for name, level in value.items():
        if name not in known:
            hint = did_you_mean(name, known)
            raise AttnrecError(f"context: no {name!r} among {list(known)}{hint}")
        if str(level) not in known[name]:
            hint = did_you_mean(str(level), known[name])
            raise AttnrecError(f"context: {name} is never {level!r} here{hint}")
    return {name: str(level) for name, level in value.items()}


def plain(value: Any) -> Any:
    """A NumPy number as Python's own, which JSON holds."""
    return value.item() if isinstance(value, np.generic) else value


def _one_of(name: str, value: Any, known: Sequence) -> Any:
    if value is None or (value in known and not isinstance(value, bool)):
        return value
    hint = did_you_mean(value, known) if isinstance(value, str) else ""
    raise AttnrecError(f"{name}: expected None or one of {list(known)}, got {value!r}{hint}")


class FigureWidget(anywidget.AnyWidget):
    """A picture of attention that answers the hand.

    What is chosen in it, by hand or by script, are traits, and `attnrec_widgets.link`
    joins those of several pictures: `field`, `item`, `context` (circumstances, a level by
    name), `layer` and `head`. None is nothing chosen, and the mean of heads.

    Attributes:
        fields, layers, num_heads, circumstances: what can be chosen.
    """

    _esm, _css = script("figures"), style("figures")

    field = Checked(_check_field).tag(sync=True)
    item = Checked(_check_item).tag(sync=True)
    context = Checked(_check_context).tag(sync=True)
    layer = Checked(_check_layer).tag(sync=True)
    head = Checked(_check_head).tag(sync=True)
    _picture = traitlets.Dict().tag(sync=True, echo_update=False)

    _saved: tuple[str, ...] = CHOICES  # traits that a saved page begins with, beside the picture
    kind = ""
    fields: tuple[str, ...] = ()
    layers: tuple[int, ...] = ()
    num_heads = 0
    circumstances: Mapping[str, Sequence[str]] = {}

    def __init__(self, *, layout: Layout | dict | None = None, **choice: Any):
        """Shows what `_drawn` gives.

        Args:
            layout: as of any ipywidget.
            **choice: what is chosen at first.
        """
        super().__init__(**({} if layout is None else {"layout": layout}))
        self._show()
        for name, value in choice.items():
            setattr(self, name, value)

    @abstractmethod
    def _drawn(self) -> dict[str, dict[str, Any]]:
        """Frames by label: each with `title`, `told`, and what its view draws, in arrays."""

    @abstractmethod
    def figure(self) -> Figure:
        """The picture for paper, with what is chosen, in matplotlib."""

    @abstractmethod
    def to_frame(self) -> pd.DataFrame:
        """Every number that is drawn."""

    @abstractmethod
    def _provenance(self) -> list[str]: ...

    def _check_item(self, item: Any) -> None:
        raise AttnrecError("item: this picture shows no items")

    def _show(self) -> None:
        """Draws anew; what is chosen and no longer there is no longer chosen."""
        frames = self._drawn()
        for name in CHOICES:
            try:
                getattr(type(self), name).validate(self, getattr(self, name))
            except AttnrecError:
                setattr(self, name, None)
        self._picture = wired(
            {
                "kind": self.kind,
                "name": f"attnrec-{self.kind}",
                "foot": " · ".join(self._provenance()),
                "labels": list(frames),
                "frames": list(frames.values()),
            },
            bytes,
        )

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Takes a choice from the page: all of it, or, where a value does not fit, nothing."""
        try:
            for name, value in sync_data.items():
                trait = getattr(type(self), name, None)
                if isinstance(trait, Checked):
                    trait.validate(self, value)
        except (AttnrecError, TypeError):
            self.send_state([name for name in sync_data if name in self.keys])
        else:
            super().set_state(sync_data)

    def save_figure(self, path: str | Path) -> Path:
        """Writes the picture for paper as SVG, PDF or PNG, with its provenance inside.

        Args:
            path: ending in `.svg`, `.pdf` or `.png`.

        Raises:
            AttnrecError: another ending.
        """
        from attnrec import plots

        return plots.save(self.figure(), path)

    def save_html(self, path: str | Path) -> Path:
        """Writes one file that needs nothing else, and answers the hand as the widget does.

        Args:
            path: ending in `.html`.

        Raises:
            AttnrecError: another ending, or a front end that is not built.
        """
        return page_file.write(path, self._document)

    def svgs(self) -> list[bytes]:
        """The picture for paper as an SVG."""
        from attnrec import plots

        stream = io.BytesIO()
        plots.save(self.figure(), stream, format="svg", dpi=100)  # for the screen
        return [stream.getvalue()]

    _still = cached_property(Still)

    @property
    def _still_traits(self) -> tuple[str, ...]:
        return (*self._saved, "_picture")

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        self._still.place()
        return super()._repr_mimebundle_(**kwargs)

    def _document(self) -> str:
        state = {name: getattr(self, name) for name in self._saved}
        frames = self._drawn()
        state["_picture"] = {
            **self._picture,
            "frames": [wired(frame, _base64) for frame in frames.values()],
        }
        told, packed = self._page_model()
        return page_file.document(
            title=next(iter(frames.values()))["title"],
            script="saved_figure.js",
            styles=["figures.css"],
            noscript=NOSCRIPT,
            pictures=images(self),
            places=["figure"],
            told={"state": state, **told},
            packed=packed,
        )

    def _page_model(self) -> tuple[dict[str, Any], dict[str, bytes]]:
        """What a saved page holds beside the picture: values, and bytes, by name."""
        return {}, {}

    def __repr__(self) -> str:
        chosen = {name: getattr(self, name) for name in CHOICES}
        told = [f"{name}={value!r}" for name, value in chosen.items() if value is not None]
        return f"{type(self).__name__}({', '.join([*self._provenance()[:1], *told])})"


def wired(value: Any, pack: Any) -> Any:
    """Arrays as the front end reads them (`figures/wire.ts`); all else as it is."""
    if isinstance(value, np.ndarray):
        data = pack(np.ascontiguousarray(value, "<f4").tobytes())
        return {"dtype": "float32", "shape": list(value.shape), "data": data}
    if isinstance(value, Mapping):
        return {key: wired(one, pack) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [wired(one, pack) for one in value]
    return value


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def several(source: Any) -> dict[str, Any]:
    """What is drawn, by label: a mapping is played frame by frame.

    Raises:
        AttnrecError: an empty mapping.
    """
    if not isinstance(source, Mapping):
        return {"": source}
    if not source:
        raise AttnrecError("source: expected something to draw, got an empty mapping")
    return {str(label): one for label, one in source.items()}


def run_of(source: Any) -> Any:
    """The run that something was made from, where that is known."""
    return source if hasattr(source, "data") and hasattr(source, "provenance") else None


def told_of(sources: Mapping[str, Any]) -> list[str]:
    """Model, data, seed and date of what is drawn last; nothing where no run is known."""
    run = run_of(list(sources.values())[-1])
    return [] if run is None else provenance_of(run.name, run)
