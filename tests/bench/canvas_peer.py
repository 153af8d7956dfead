"""NodeGraphQt with the large plan's nodes and links, measured when asked; see frames.py.

Runs in an environment of its own: `python -m tests.bench.canvas_peer GRAPH WIDTH HEIGHT`, where
GRAPH is a file of JSON that holds nodes by id (place, number of inputs) and links.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from NodeGraphQt import BaseNode, NodeGraph
from PySide6.QtCore import QPoint, QRectF
from PySide6.QtWidgets import QApplication, QWidget

from tests.bench.frames import commands, serve, settle

TAB_HEIGHT = 60


class BlockNode(BaseNode):
    """A node with one output; its inputs are added as the plan has them."""

    __identifier__ = "bench"
    NODE_NAME = "Block"


class Peer:
    """The peer's canvas, as frames.py drives it."""

    def __init__(self, graph: NodeGraph, hub: BlockNode) -> None:
        self._graph = graph
        self._viewer = graph.viewer()
        self._hub = hub

    def viewport(self) -> QWidget:
        return self._viewer.viewport()

    def look_at_hub(self, zoom: float) -> QPoint:
        item, size = self._hub.view, self.viewport().size()
        seen = QRectF(0, 0, size.width() / zoom, size.height() / zoom)
        seen.moveCenter(item.sceneBoundingRect().center())
        self._look_at(seen)
        name_bar = item.sceneBoundingRect().center()
        name_bar.setY(item.sceneBoundingRect().top() + 14)
        return self._viewer.mapFromScene(name_bar)

    def look_at_all(self) -> None:
        self._look_at(self._viewer.scene().itemsBoundingRect())

    def pan(self, across: int, down: int) -> None:
        zoom = self._viewer.transform().m11()
        self._viewer._set_viewer_pan(-across / zoom, -down / zoom)

    def zoom(self, factor: float) -> None:
        self._viewer.scale(factor, factor)

    def _look_at(self, seen: QRectF) -> None:
        self._viewer._scene_range = seen
        self._viewer._update_scene()


def _main(graph_file: str, width: str, height: str) -> None:
    app = QApplication(sys.argv[:1])
    described = json.loads(Path(graph_file).read_text())
    graph = NodeGraph()
    graph.register_node(BlockNode)
    nodes = {}
    for id_, (x, y, n_inputs) in described["nodes"].items():
        node = graph.create_node(
            "bench.BlockNode", name=id_, pos=[x, y], selected=False, push_undo=False
        )
        for n in range(n_inputs):
            node.add_input(f"in {n}")
        node.add_output("out", multi_output=True)
        nodes[id_] = node
    for source, target, port in described["links"]:
        nodes[source].output(0).connect_to(nodes[target].input(port), push_undo=False)
    graph.widget.show()
    graph.viewer().setFixedSize(int(width), int(height))
    graph.widget.setGeometry(0, 0, int(width), int(height) + TAB_HEIGHT)
    settle()
    shown = graph.viewer().visibleRegion().boundingRect().size()
    assert shown == graph.viewer().size(), "a part of the canvas would cost nothing"
    serve(commands(Peer(graph, nodes[described["hub"]])))
    app.quit()


if __name__ == "__main__":
    _main(*sys.argv[1:])
