"""The Python side of the protocol that every rival speaks; README.md describes it.

A rival calls serve(versions, open_network). open_network(job) returns an object with
    train(epochs)   continues the training; returns the mean loss of each epoch, each batch's loss taken before its step
    predict(X)      returns the outputs for X (rows, inputs)
    repeat(calls)   only for row work: does it that often. Then predict returns the work's result, without X
"""

import json
import statistics
import sys
import time

import numpy as np


def serve(versions, open_network):
    job = json.loads(sys.argv[1])
    answer = versions() if job["task"] == "versions" else tasks[job["task"]](job, open_network)
    print(json.dumps(answer))


def read_matrix(job, name, columns):
    return np.fromfile(job[name], dtype=job["dtype"]).reshape(-1, columns)


def read_data(job):
    """X (rows, inputs), Y (rows, outputs)"""
    return (
        read_matrix(job, "X", job["layers"][0]["inputDim"]),
        read_matrix(job, "Y", job["layers"][-1]["outputDim"]),
    )


def read_parameters(job):
    """[(W (out, in), b (out)), ...]"""
    flat = np.fromfile(job["parameters"], dtype=job["dtype"])
    parameters = []
    for layer in job["layers"]:
        inputs, outputs = layer["inputDim"], layer["outputDim"]
        W, flat = flat[: outputs * inputs].reshape(outputs, inputs), flat[outputs * inputs :]
        b, flat = flat[:outputs], flat[outputs:]
        parameters.append((W.copy(), b.copy()))
    return parameters


def train(job, open_network):
    network = open_network(job)
    losses = [float(loss) for loss in network.train(job["epochs"])]
    predictions = np.ascontiguousarray(network.predict(read_data(job)[0]), dtype=np.float64)
    predictions.tofile(job["predictions"])
    return {"losses": losses}


def predict(job, open_network):
    predictions = open_network(job).predict(None)
    np.ascontiguousarray(predictions, dtype=np.float64).tofile(job["predictions"])
    return {}


def time_predictions(job, open_network):
    return {"milliseconds": median_block(open_network(job).repeat, job["seconds"])}


def time_training(job, open_network):
    network = open_network(job)
    return {"milliseconds": median_block(network.train, job["seconds"])}


def train_until(job, open_network):
    """Times the training until enough test samples are predicted right, checked after every epoch."""
    network = open_network(job)
    test_X = read_matrix(job, "testX", job["layers"][0]["inputDim"])
    test_labels = read_matrix(job, "testY", job["layers"][-1]["outputDim"]).argmax(axis=1)
    spent, accuracy = 0, 0
    for epoch in range(1, job["mostEpochs"] + 1):
        start = time.perf_counter()
        network.train(1)
        spent += time.perf_counter() - start
        accuracy = float((np.asarray(network.predict(test_X)).argmax(axis=1) == test_labels).mean())
        if accuracy >= job["accuracy"]:
            break
    return {"milliseconds": 1000 * spent, "epochs": epoch, "accuracy": accuracy}


def median_block(work, seconds):
    """Times work(count) in blocks like blocks.mjs, and returns the median milliseconds for one piece."""

    def block(count):
        start = time.perf_counter()
        work(count)
        return time.perf_counter() - start

    count = 1
    warm = time.perf_counter() + seconds / 4
    while True:
        took = block(count)
        count = max(1, min(4 * count, round(count * seconds / 10 / took)))
        if time.perf_counter() >= warm:
            break
    times = []
    end = time.perf_counter() + seconds
    while len(times) < 3 or time.perf_counter() < end:
        times.append(1000 * block(count) / count)
    return statistics.median(times)


tasks = {
    "train": train,
    "predict": predict,
    "time-training": time_training,
    "time-predictions": time_predictions,
    "train-until": train_until,
}
