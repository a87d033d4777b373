"""Write a trained network as the service runs it: an int8 ONNX encoder, the heads' weights, the word pieces."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import nn

from training.network import MARKS, Network


class _Plain(nn.Module):
    """The encoder in plain operators, with the marks' vectors among those of the words."""

    def __init__(self, encoder: Any) -> None:
        super().__init__()
        self.encoder = encoder
        self.heads = encoder.config.num_attention_heads
        self.width = encoder.config.hidden_size // self.heads

    def forward(self, pieces: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        rows = self.encoder.embeddings(input_ids=pieces)
        bias = ((1.0 - mask.float()) * -1e4)[:, None, None, :]
        for layer in self.encoder.encoder.layer:
            own = layer.attention.self
            query, key, value = (self._split(part(rows)) for part in (own.query, own.key, own.value))
            share = torch.softmax(query @ key.transpose(-1, -2) / self.width**0.5 + bias, -1)
            seen = (share @ value).transpose(1, 2).reshape(rows.shape)
            rows = layer.attention.output.LayerNorm(layer.attention.output.dense(seen) + rows)
            inner = nn.functional.gelu(layer.intermediate.dense(rows))
            rows = layer.output.LayerNorm(layer.output.dense(inner) + rows)
        return rows

    def _split(self, rows: torch.Tensor) -> torch.Tensor:
        return rows.view(rows.shape[0], rows.shape[1], self.heads, self.width).transpose(1, 2)


def export(network: Network, base: Path, stances: Sequence[str], kinds: Sequence[str], output: Path) -> None:
    """Write `encoder.onnx`, `heads.npz` and `pieces.txt` into `output`, which is made if need be."""
    output.mkdir(parents=True, exist_ok=True)
    network.eval()
    words = network.encoder.embeddings.word_embeddings.weight.data
    words[1:MARKS] = network.marks.weight.data[1:]
    pieces = torch.randint(1000, 2000, (2, 17))
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "whole.onnx"
        torch.onnx.export(
            _Plain(network.encoder).eval(),
            (pieces, torch.ones_like(pieces)),
            str(whole),
            input_names=["pieces", "mask"],
            output_names=["vectors"],
            dynamic_axes={name: {0: "rows", 1: "pieces"} for name in ("pieces", "mask", "vectors")},
            opset_version=17,
            dynamo=False,
        )
        quantize_dynamic(whole, output / "encoder.onnx", weight_type=QuantType.QInt8, per_channel=True)
    heads = {
        name: weight.numpy().astype(np.float32)
        for name, weight in network.state_dict().items()
        if name.startswith(("positions", "kinds", "days"))
    }
    np.savez_compressed(output / "heads.npz", stances=np.array(stances), kinds=np.array(kinds), **heads)
    shutil.copy(base / "vocab.txt", output / "pieces.txt")
