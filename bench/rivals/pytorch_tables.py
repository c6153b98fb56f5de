"""RealMLP (Holzmueller et al., 2024) in PyTorch: AdamW with parameter groups, the rates and shares of the recipe set
before each step. It takes a job with `shapes`, the names and shapes of the parameters, and perhaps `codes`."""

import re

import numpy as np
import protocol
import torch
from table_network import Schedules, TableNetwork, coslog, flat_cosine, smoothed
from torch import nn


class Network:
    def __init__(self, job):
        torch.set_num_threads(job["threads"])
        X, Y = (torch.from_numpy(data) for data in protocol.read_data(job))
        self.codes = self.read_codes(job)
        self.X, self.sigmoid = X, job["layers"][-1]["activation"] == "sigmoid"
        self.Y = smoothed(Y, job["labelSmoothing"], Y.shape[1]) if self.sigmoid else Y
        self.loss = nn.BCEWithLogitsLoss() if self.sigmoid else nn.MSELoss()
        self.model = TableNetwork(job["layers"], self.read_parameters(job))
        options = job["optimizer"]
        self.optimizer = torch.optim.AdamW(
            self.model.groups(options["learningRate"], options["weightDecay"]),
            lr=options["learningRate"],
            betas=(options["beta1"], options["beta2"]),
        )
        self.batch_size, self.shuffle = job["batchSize"], job["shuffle"]

    @staticmethod
    def read_codes(job):
        if "codes" not in job:
            return None
        codes = np.fromfile(job["codes"], dtype=np.int32).reshape(job["rows"], -1)
        sizes = [embedding["categories"] + 1 for embedding in job["layers"][0]["embeddings"]]
        # -1 is an unknown category: the last row of its table.
        return torch.from_numpy(codes.astype(np.int64) % sizes)

    @staticmethod
    def read_parameters(job):
        flat = torch.from_numpy(np.fromfile(job["parameters"], dtype=job["dtype"]))
        parts = flat.split([rows * cols for _, rows, cols in job["shapes"]])
        return {
            name: part.clone() if cols == 1 else part.reshape(rows, cols).clone()
            for (name, rows, cols), part in zip(job["shapes"], parts)
        }

    def train(self, epochs):
        steps = -(-len(self.X) // self.batch_size)
        how = {"rate": coslog, "decay": flat_cosine, "dropout": flat_cosine}
        schedules = Schedules(self.model, self.optimizer, epochs * steps, **how)
        losses = [self.train_epoch(schedules) for _ in range(epochs)]
        schedules.restore()
        return losses

    def train_epoch(self, schedules):
        order = torch.randperm(len(self.X)) if self.shuffle else torch.arange(len(self.X))
        self.model.train()
        total = torch.zeros((), dtype=self.X.dtype)
        for batch in order.split(self.batch_size):
            schedules.advance()
            self.optimizer.zero_grad(set_to_none=True)
            codes = None if self.codes is None else self.codes[batch]
            loss = self.loss(self.model(self.X[batch], codes), self.Y[batch])
            loss.backward()
            self.optimizer.step()
            total += loss.detach() * len(batch)
        return total.item() / len(self.X)

    def predict(self, X):
        self.model.eval()
        with torch.no_grad():
            outputs = self.model(torch.from_numpy(X), self.codes)
            return (outputs.sigmoid() if self.sigmoid else outputs).numpy()


def versions():
    capability = re.search(r"CPU capability usage: (\w+)", torch.__config__.show())
    return {"PyTorch": f"{torch.__version__}{f', {capability[1]}' if capability else ''}"}


if __name__ == "__main__":
    protocol.serve(versions, Network)
