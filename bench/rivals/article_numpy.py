"""The article's network: plain NumPy, matrices of (features x samples), parameters in dictionaries."""

import numpy as np
import protocol


def sigmoid(Z):
    return 1 / (1 + np.exp(-Z))


def relu(Z):
    return np.maximum(0, Z)


def sigmoid_backward(dA, Z):
    sig = sigmoid(Z)
    return dA * sig * (1 - sig)


def relu_backward(dA, Z):
    dZ = np.array(dA, copy=True)
    dZ[Z <= 0] = 0
    return dZ


forward_functions = {"relu": relu, "sigmoid": sigmoid}
backward_functions = {"relu": relu_backward, "sigmoid": sigmoid_backward}


def full_forward_propagation(X, params, architecture):
    memory = {}
    A = X
    for idx, layer in enumerate(architecture):
        A_prev = A
        Z = np.dot(params["W" + str(idx + 1)], A_prev) + params["b" + str(idx + 1)]
        A = forward_functions[layer["activation"]](Z)
        memory["A" + str(idx)] = A_prev
        memory["Z" + str(idx + 1)] = Z
    return A, memory


def get_cost_value(Y_hat, Y):
    m = Y_hat.shape[1]
    cost = -1 / m * (np.dot(Y, np.log(Y_hat).T) + np.dot(1 - Y, np.log(1 - Y_hat).T))
    return np.squeeze(cost)


def get_accuracy_value(Y_hat, Y):
    classes = np.copy(Y_hat)
    classes[classes > 0.5] = 1
    classes[classes <= 0.5] = 0
    return (classes == Y).all(axis=0).mean()


def full_backward_propagation(Y_hat, Y, memory, params, architecture):
    grads = {}
    m = Y.shape[1]
    dA = -(np.divide(Y, Y_hat) - np.divide(1 - Y, 1 - Y_hat))
    for idx, layer in reversed(list(enumerate(architecture))):
        A_prev = memory["A" + str(idx)]
        dZ = backward_functions[layer["activation"]](dA, memory["Z" + str(idx + 1)])
        grads["dW" + str(idx + 1)] = np.dot(dZ, A_prev.T) / m
        grads["db" + str(idx + 1)] = np.sum(dZ, axis=1, keepdims=True) / m
        dA = np.dot(params["W" + str(idx + 1)].T, dZ)
    return grads


def update(params, grads, architecture, learning_rate):
    for idx in range(1, len(architecture) + 1):
        params["W" + str(idx)] -= learning_rate * grads["dW" + str(idx)]
        params["b" + str(idx)] -= learning_rate * grads["db" + str(idx)]


class Network:
    def __init__(self, job):
        X, Y = protocol.read_data(job)
        self.X, self.Y = X.T, Y.T
        self.architecture = job["layers"]
        self.learning_rate = job["optimizer"]["learningRate"]
        self.params = {}
        for idx, (W, b) in enumerate(protocol.read_parameters(job)):
            self.params["W" + str(idx + 1)] = W
            self.params["b" + str(idx + 1)] = b.reshape(-1, 1)

    def train(self, epochs):
        cost_history = []
        accuracy_history = []
        for _ in range(epochs):
            Y_hat, memory = full_forward_propagation(self.X, self.params, self.architecture)
            cost_history.append(get_cost_value(Y_hat, self.Y))
            accuracy_history.append(get_accuracy_value(Y_hat, self.Y))
            grads = full_backward_propagation(Y_hat, self.Y, memory, self.params, self.architecture)
            update(self.params, grads, self.architecture, self.learning_rate)
        return cost_history

    def predict(self, X):
        return full_forward_propagation(X.T, self.params, self.architecture)[0].T


def versions():
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        return {"NumPy": np.__version__}
    libraries = [f"{each['internal_api']} {each['version']} {each.get('architecture', '')}" for each in threadpool_info()]
    return {"NumPy": f"{np.__version__}, {', '.join(libraries)}"}


protocol.serve(versions, Network)
