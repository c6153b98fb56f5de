"""PyTorch code as its users write it: Sequential, the loss from logits, an optimiser of torch.optim."""

import re

import protocol
import torch
from torch import nn

activations = {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}


class Network:
    def __init__(self, job):
        torch.set_num_threads(job["threads"])
        self.X, self.Y = (torch.from_numpy(data) for data in protocol.read_data(job))
        self.output = job["layers"][-1]["activation"]
        if self.output == "softmax":
            self.Y = self.Y.argmax(dim=1)
        self.loss = nn.CrossEntropyLoss() if self.output == "softmax" else nn.BCEWithLogitsLoss()
        self.model = self.build(job)
        self.optimizer = self.build_optimizer(job["optimizer"])
        self.batch_size = min(job["batchSize"], len(self.X))
        self.shuffle = job["shuffle"] and self.batch_size < len(self.X)

    @staticmethod
    def build(job):
        modules = []
        for layer, (W, b) in zip(job["layers"], protocol.read_parameters(job)):
            linear = nn.Linear(layer["inputDim"], layer["outputDim"], dtype=getattr(torch, job["dtype"]))
            with torch.no_grad():
                linear.weight.copy_(torch.from_numpy(W))
                linear.bias.copy_(torch.from_numpy(b))
            modules.append(linear)
            if layer is not job["layers"][-1]:
                modules.append(activations[layer["activation"]]())
        return nn.Sequential(*modules)

    def build_optimizer(self, options):
        if options["name"] == "adam":
            return torch.optim.Adam(
                self.model.parameters(), lr=options["learningRate"], eps=options.get("epsilon", 1e-8)
            )
        return torch.optim.SGD(
            self.model.parameters(), lr=options["learningRate"], momentum=options.get("momentum", 0)
        )

    def train(self, epochs):
        return [self.train_epoch() for _ in range(epochs)]

    def train_epoch(self):
        X, Y = self.X, self.Y
        if self.shuffle:
            order = torch.randperm(len(X))
            X, Y = X[order], Y[order]
        total = torch.zeros((), dtype=X.dtype)
        for batch_X, batch_Y in zip(X.split(self.batch_size), Y.split(self.batch_size)):
            self.optimizer.zero_grad(set_to_none=True)
            loss = self.loss(self.model(batch_X), batch_Y)
            loss.backward()
            self.optimizer.step()
            total += loss.detach() * len(batch_X)
        return total.item() / len(X)

    def predict(self, X):
        with torch.no_grad():
            logits = self.model(torch.from_numpy(X))
            return (logits.softmax(dim=1) if self.output == "softmax" else logits.sigmoid()).numpy()


def versions():
    capability = re.search(r"CPU capability usage: (\w+)", torch.__config__.show())
    return {"PyTorch": f"{torch.__version__}{f', {capability[1]}' if capability else ''}"}


protocol.serve(versions, Network)
