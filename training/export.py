"""Write a trained network as the service runs it: an int8 ONNX encoder, the heads' weights, the word pieces.

The graph is written node by node for one sentence, so that nothing is padded: query, key and value are one product;
weights have a scale for each column, what flows into a product is quantised by the scale of that very sentence; the
last layer is worked out at the places that are asked about alone.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from training.network import MARKS, Network
from workers.extraction.learned.rendering import LENGTH

_OPSET, _IR = 17, 8
_RUNTIME = "com.microsoft"  # ONNX Runtime's own operators
_EPSILON = 1e-12  # of BERT's layer norms
_MOST = 64  # of a weight: processors without VNNI add two products of weights and bytes in 16 bits, and cut what is more

Weights = Mapping[str, Any]  # name in the network -> array


class _Graph:
    """Nodes and weights as they are added; what is added gives the name of its output."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.kept: dict[str, Any] = {}

    def keep(self, name: str, value: Any) -> str:
        self.kept.setdefault(name, numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def many(self, kind: str, inputs: Sequence[str], count: int, **attributes: Any) -> list[str]:
        outputs = [f"{kind}-{len(self.nodes)}-{n}" for n in range(count)]
        self.nodes.append(helper.make_node(kind, inputs, outputs, **attributes))
        return outputs

    def add(self, kind: str, *inputs: str, **attributes: Any) -> str:
        return self.many(kind, inputs, 1, **attributes)[0]

    def product(self, name: str, rows: str, weight: Any, bias: Any) -> str:
        """Rows times a weight, in int8, plus a bias."""
        scale = np.maximum(np.abs(weight).max(axis=0), _EPSILON) / _MOST
        names = (
            self.keep(f"{name}.weight", np.rint(weight / scale).astype(np.int8)),
            self.keep(f"{name}.scale", scale.astype(np.float32)),
            "",
            self.keep(f"{name}.bias", bias),
        )
        return self.add("DynamicQuantizeMatMul", rows, *names, domain=_RUNTIME)

    def split(self, rows: str, parts: int, heads: int) -> list[str]:
        """The parts that stand side by side in rows, each as (1, heads, rows, width)."""
        shape = self.keep(f"heads of {parts}", np.array([0, parts, heads, -1], dtype=np.int64))
        turned = self.add("Transpose", self.add("Reshape", rows, shape), perm=[1, 2, 0, 3])
        if parts == 1:
            return [turned]
        ones = self.keep(f"ones of {parts}", np.ones(parts, dtype=np.int64))
        return self.many("Split", [turned, ones], parts, axis=0)

    def normed(self, name: str, rows: str, before: str, weights: Weights) -> str:
        """The layer norm of rows and what they were before."""
        gain = self.keep(f"{name}.gain", weights[f"{name}.weight"])
        shift = self.keep(f"{name}.shift", weights[f"{name}.bias"])
        return self.add(
            "SkipLayerNormalization", rows, before, gain, shift, domain=_RUNTIME, epsilon=_EPSILON
        )


def _embedded(graph: _Graph, weights: Weights) -> str:
    """The vectors of pieces and places; the marks' own stand among those of the words."""
    words = weights["embeddings.word_embeddings.weight"]
    scale = np.float32(np.abs(words).max() / 127)
    places = weights["embeddings.position_embeddings.weight"]
    places = places[:LENGTH] + weights["embeddings.token_type_embeddings.weight"][0]
    word = graph.add("Gather", graph.keep("words", np.rint(words / scale).astype(np.int8)), "pieces")
    word = graph.add("DequantizeLinear", word, graph.keep("words.scale", scale))
    begin, end = graph.keep("begin", np.zeros(1, dtype=np.int64)), graph.add("Shape", "pieces")
    rows = graph.add("Add", word, graph.add("Slice", graph.keep("places", places), begin, end))
    gain = graph.keep("words.gain", weights["embeddings.LayerNorm.weight"])
    shift = graph.keep("words.shift", weights["embeddings.LayerNorm.bias"])
    return graph.add("LayerNormalization", rows, gain, shift, axis=-1, epsilon=_EPSILON)


def _layer(graph: _Graph, weights: Weights, number: int, heads: int, rows: str, *, last: bool) -> str:
    """One layer over all rows; the last one only where it is asked about."""
    of = f"encoder.layer.{number}"

    def linear(name: str) -> tuple[Any, Any]:
        return weights[f"{of}.{name}.weight"].T, weights[f"{of}.{name}.bias"]

    (query, q_bias), (key, k_bias), (value, v_bias) = (
        linear(f"attention.self.{name}") for name in ("query", "key", "value")
    )
    sharpness = np.float32((query.shape[1] // heads) ** -0.5)
    query, q_bias = query * sharpness, q_bias * sharpness
    if last:
        mine = graph.add("Gather", rows, "asked", axis=0)
        (asking,) = graph.split(graph.product(f"{of}.query", mine, query, q_bias), 1, heads)
        both = graph.product(f"{of}.key", rows, np.hstack([key, value]), np.hstack([k_bias, v_bias]))
        keys, values = graph.split(both, 2, heads)
    else:
        mine = rows
        whole = np.hstack([query, key, value]), np.hstack([q_bias, k_bias, v_bias])
        asking, keys, values = graph.split(graph.product(f"{of}.query", rows, *whole), 3, heads)
    share = graph.add("Softmax", graph.add("FusedMatMul", asking, keys, domain=_RUNTIME, transB=1), axis=-1)
    seen = graph.add("Transpose", graph.add("MatMul", share, values), perm=[0, 2, 1, 3])
    seen = graph.add("Reshape", seen, graph.keep("flat", np.array([-1, query.shape[1]], dtype=np.int64)))
    seen = graph.product(f"{of}.seen", seen, *linear("attention.output.dense"))
    mine = graph.normed(f"{of}.attention.output.LayerNorm", seen, mine, weights)
    inner = graph.product(f"{of}.inner", mine, *linear("intermediate.dense"))
    inner = graph.add("Gelu", inner, domain=_RUNTIME)
    inner = graph.product(f"{of}.outer", inner, *linear("output.dense"))
    return graph.normed(f"{of}.output.LayerNorm", inner, mine, weights)


def encoder_graph(weights: Weights, layers: int, heads: int) -> Any:
    """The ONNX model of a BERT encoder: `pieces` of one sentence, the places `asked` about -> `vectors` there."""
    graph = _Graph()
    rows = _embedded(graph, weights)
    for number in range(layers):
        rows = _layer(graph, weights, number, heads, rows, last=number == layers - 1)
    graph.nodes.append(helper.make_node("Identity", [rows], ["vectors"]))
    width = weights["embeddings.LayerNorm.bias"].shape[0]
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "encoder",
            [helper.make_tensor_value_info(name, TensorProto.INT64, [name]) for name in ("pieces", "asked")],
            [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["asked", width])],
            list(graph.kept.values()),
        ),
        opset_imports=[helper.make_opsetid("", _OPSET), helper.make_opsetid(_RUNTIME, 1)],
    )
    model.ir_version = _IR
    return model


def export(network: Network, base: Path, stances: Sequence[str], kinds: Sequence[str], output: Path) -> None:
    """Write `encoder.onnx`, `heads.npz` and `pieces.txt` into `output`, which is made if need be."""
    output.mkdir(parents=True, exist_ok=True)
    known = {
        name: weight.detach().numpy().astype(np.float32) for name, weight in network.state_dict().items()
    }
    weights = {name.removeprefix("encoder."): weight for name, weight in known.items()}
    weights["embeddings.word_embeddings.weight"][1:MARKS] = known["marks.weight"][1:]
    config = network.encoder.config
    onnx.save(
        encoder_graph(weights, config.num_hidden_layers, config.num_attention_heads), output / "encoder.onnx"
    )
    heads = {
        name: weight for name, weight in known.items() if name.startswith(("positions", "kinds", "days"))
    }
    np.savez_compressed(output / "heads.npz", stances=np.array(stances), kinds=np.array(kinds), **heads)
    shutil.copy(base / "vocab.txt", output / "pieces.txt")
