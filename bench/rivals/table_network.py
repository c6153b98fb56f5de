"""A network for tables in PyTorch, with the layer options that RealMLP has: embedded numbers and categories, learned
factors of the inputs, mixed activations, dropout, and a learning rate and a weight decay for each kind of parameter. Its
parameters have blasnet's names. test/fixtures/pytorch_tables.py makes trajectories of it, too."""

import math
import re

import torch
from torch import nn
from torch.nn import functional

activations = {"selu": functional.selu, "mish": functional.mish, "relu": torch.relu, "tanh": torch.tanh}


class TableNetwork(nn.Module):
    def __init__(self, layers, parameters):
        """parameters: by name, such as F1 and W2; W is (out, in)"""
        super().__init__()
        self.layers = layers
        self.values = nn.ParameterDict({name: nn.Parameter(value) for name, value in parameters.items()})
        self.dropout_factor = 1

    def forward(self, numbers, codes=None):
        """numbers (m, n), codes (m, embeddings)  ->  the outputs before their activation (m, out)"""
        x = self.inputs(numbers, codes)
        last = len(self.layers)
        for number, layer in enumerate(self.layers, 1):
            if layer.get("inputScale"):
                x = x * self.values[f"s{number}"]
            z = functional.linear(x, self.values[f"W{number}"], self.values[f"b{number}"])
            if number == last:
                return z
            x = activations[layer["activation"]](z)
            if layer.get("activationMix"):
                x = z + self.values[f"a{number}"] * (x - z)
            if layer.get("dropout"):
                x = functional.dropout(x, layer["dropout"] * self.dropout_factor, self.training)

    def inputs(self, numbers, codes):
        first = self.layers[0]
        parts = [numbers]
        if "numericEmbeddings" in first:
            columns = first["numericEmbeddings"].get("columns", numbers.shape[1])
            parts = [self.waves(first["numericEmbeddings"], numbers[:, :columns]), numbers[:, columns:]]
        for index in range(len(first.get("embeddings", []))):
            parts.append(functional.embedding(codes[:, index], self.values[f"E{index + 1}"]))
        return torch.cat(parts, dim=1)

    def waves(self, embedding, x):
        """(m, columns)  ->  (m, columns * outputDim): the features of each column side by side"""
        frequencies, V, c = self.values["F1"], self.values["V1"], self.values["c1"]
        columns = x.shape[1]
        angles = 2 * math.pi * x.T[:, :, None] * frequencies[:, None, :]  # (columns, m, frequencies)
        if embedding["name"] == "pbld":
            waves = torch.cos(angles + self.values["P1"][:, None, :])
        else:
            waves = torch.cat([torch.cos(angles), torch.sin(angles)], dim=2)
        V = V.reshape(columns, -1, V.shape[1])
        features = torch.baddbmm(c.reshape(columns, 1, -1), waves, V.transpose(1, 2)).transpose(0, 1)
        if embedding["name"] == "pbld":
            features = torch.cat([x[:, :, None], features], dim=2)
        else:
            features = torch.relu(features)
        return features.reshape(len(x), -1)

    def groups(self, learning_rate, weight_decay):
        """The groups of torch.optim: parameters with the same factors are in one."""
        groups = {}
        for name, value in self.values.items():
            kind, number = re.fullmatch(r"(\D+)(\d+)", name).groups()
            layer = self.layers[0 if kind == "E" else int(number) - 1]
            factors = tuple(
                layer.get(option, {}).get(kind, 1) for option in ("learningRateFactors", "weightDecayFactors")
            )
            groups.setdefault(factors, []).append(value)
        return [
            {"params": values, "lr": learning_rate * rate, "weight_decay": weight_decay * decay}
            for (rate, decay), values in groups.items()
        ]


def coslog(t, cycles=4):
    return (1 - math.cos(2 * math.pi * math.log2(1 + (2**cycles - 1) * t))) / 2


def flat_cosine(t, flat=0.5):
    return 1 if t < flat else (1 + math.cos(math.pi * (t - flat) / (1 - flat))) / 2


class Schedules:
    """Multiplies the learning rates, the weight decays and the shares of dropout before each step."""

    def __init__(self, network, optimizer, steps, rate=None, decay=None, dropout=None):
        self.network, self.optimizer, self.steps, self.step = network, optimizer, steps, 0
        self.rate, self.decay, self.dropout = rate, decay, dropout
        self.bases = [(group["lr"], group["weight_decay"]) for group in optimizer.param_groups]

    def advance(self):
        t = self.step / self.steps
        self.step += 1
        for group, (rate, decay) in zip(self.optimizer.param_groups, self.bases):
            if self.rate is not None:
                group["lr"] = rate * self.rate(t)
            if self.decay is not None:
                group["weight_decay"] = decay * self.decay(t)
        if self.dropout is not None:
            self.network.dropout_factor = self.dropout(t)

    def restore(self):
        for group, (rate, decay) in zip(self.optimizer.param_groups, self.bases):
            group["lr"], group["weight_decay"] = rate, decay


def smoothed(Y, smoothing, outputs):
    """Labels as probabilities; of one output, those of two classes."""
    return Y * (1 - smoothing) + smoothing / max(2, outputs)
