"""lrlab's models as PyTorch modules: after `torch.manual_seed(seed)` they start from the same numbers.

Run as a program, it trains nothing and lists the parameters of each model:

    python golden/pytorch/models.py
"""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Dense(nn.Module):
    """`linear` and `mlp`: widths from inputs to classes, ReLU between the layers."""

    def __init__(self, widths: list[int]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(inputs, outputs) for inputs, outputs in pairwise(widths))

    def forward(self, x: Tensor) -> Tensor:
        x = self.layers[0](x.flatten(1))
        for layer in list(self.layers)[1:]:
            x = layer(F.relu(x))
        return x


class LeNet(nn.Module):
    """`lenet`, for pictures of `channels` x `height` x `width` pixels."""

    def __init__(self, channels: int, height: int, width: int, classes: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 6, 5, padding=2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        left = [(side // 2 - 4) // 2 for side in (height, width)]
        self.fc1 = nn.Linear(16 * left[0] * left[1], 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(F.max_pool2d(self.conv1(x), 2))
        x = F.relu(F.max_pool2d(self.conv2(x), 2))
        x = F.relu(self.fc1(x.flatten(1)))
        return self.fc3(F.relu(self.fc2(x)))


class ResidualBlock(nn.Module):
    """Two convolutions of 3 x 3 beside a shortcut."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        stride = 1 if inputs == outputs else 2
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.norm1 = nn.GroupNorm(4, outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.norm2 = nn.GroupNorm(4, outputs)
        if stride == 2:
            self.shortcut = nn.Conv2d(inputs, outputs, 1, stride, bias=False)
            self.norm3 = nn.GroupNorm(4, outputs)

    def forward(self, x: Tensor) -> Tensor:
        branch = self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x)))))
        return F.relu(branch + (self.norm3(self.shortcut(x)) if hasattr(self, "shortcut") else x))


class ResidualNet(nn.Module):
    """`residual`, for pictures of any size."""

    def __init__(self, channels: int, classes: int, width: int = 16, blocks: int = 1) -> None:
        super().__init__()
        self.stem = nn.Conv2d(channels, width, 3, padding=1, bias=False)
        self.norm = nn.GroupNorm(4, width)
        widths = [width] + [width * 2**stage for stage in range(3) for _ in range(blocks)]
        self.blocks = nn.ModuleList(ResidualBlock(inputs, outputs) for inputs, outputs in pairwise(widths))
        self.head = nn.Linear(4 * width, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.norm(self.stem(x)))
        for block in self.blocks:
            x = block(x)
        return self.head(x.mean((2, 3)))


class Attention(nn.Module):
    """Causal self-attention of several heads."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.projection = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        batch, context, width = x.shape
        heads = self.qkv(x).view(batch, context, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        found = F.scaled_dot_product_attention(*heads, is_causal=True)
        return self.projection(found.transpose(1, 2).reshape(batch, context, width))


class GptBlock(nn.Module):
    """Attention and two linear layers, each behind a norm and beside a shortcut."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.norm2 = nn.LayerNorm(width)
        self.up = nn.Linear(width, 4 * width)
        self.down = nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.norm1(x))
        return x + self.down(F.gelu(self.up(self.norm2(x)), approximate="tanh"))


class Gpt(nn.Module):
    """`gpt`: logits of the next token at each place of `[batch, context]` tokens."""

    def __init__(self, vocabulary: int, layers: int = 2, heads: int = 4, width: int = 64, context: int = 64) -> None:
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, width)
        self.positions = nn.Embedding(context, width)
        self.blocks = nn.ModuleList(GptBlock(width, heads) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, vocabulary, bias=False)

    def forward(self, tokens: Tensor) -> Tensor:
        x = self.tokens(tokens) + self.positions.weight
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))


def main() -> None:
    """Lists the parameters of each model for small data."""
    torch.manual_seed(0)
    for text, model in {
        "mlp": Dense([784, 128, 10]),
        "lenet": LeNet(1, 28, 28, 10),
        "residual": ResidualNet(1, 10),
        "gpt": Gpt(75),
    }.items():
        sizes = {name: tuple(parameter.shape) for name, parameter in model.named_parameters()}
        print(f"{text}: {sum(parameter.numel() for parameter in model.parameters())} numbers")
        for name, shape in sizes.items():
            print(f"  {name} {shape}")


if __name__ == "__main__":
    main()
