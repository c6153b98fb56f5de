"""scikit-learn's MLPClassifier, where each call of partial_fit is an epoch; and its work with rows."""

import protocol
import sklearn
from row_work import RowWork
from sklearn.neural_network import MLPClassifier


class Classifier(MLPClassifier):
    """Starts from given parameters; scikit-learn keeps W as (in, out)."""

    def _init_coef(self, fan_in, fan_out, dtype):
        W, b = self.initial.pop(0)
        assert W.shape == (fan_out, fan_in) and W.dtype == dtype
        return W.T.copy(), b


class Network:
    def __init__(self, job):
        self.X, Y = protocol.read_data(job)
        self.labels = Y.argmax(axis=1)
        self.classes = range(Y.shape[1])
        layers = job["layers"]
        self.model = Classifier(
            hidden_layer_sizes=[layer["outputDim"] for layer in layers[:-1]],
            activation=layers[0]["activation"],
            solver=job["optimizer"]["name"],
            learning_rate_init=job["optimizer"]["learningRate"],
            batch_size=job["batchSize"],
            shuffle=job["shuffle"],
            alpha=0,
            epsilon=job["optimizer"].get("epsilon", 1e-8),
            random_state=1,
        )
        self.model.initial = protocol.read_parameters(job)

    def train(self, epochs):
        for _ in range(epochs):
            self.model.partial_fit(self.X, self.labels, classes=self.classes)
        return self.model.loss_curve_[-epochs:]

    def predict(self, X):
        return self.model.predict_proba(X)


def open_network(job):
    return RowWork(job) if "work" in job else Network(job)


protocol.serve(lambda: {"scikit-learn": sklearn.__version__}, open_network)
