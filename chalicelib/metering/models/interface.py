"""The interface of a model: eemeter's, our own, and those of a deployment.

fit(data)             fits the model to the data of its formatter
predict(temperature)  returns the energy of rows with these mean temperatures (F); NaN without a temperature
parameter_count       the number of fitted parameters
to_dict()             returns the fitted model in plain values
"""

from typing import Any, Protocol

import pandas as pd


class Model(Protocol):
    """The interface of a model."""

    def fit(self, data: Any) -> None: ...

    def predict(self, temperature: pd.Series) -> pd.Series: ...

    @property
    def parameter_count(self) -> int: ...

    def to_dict(self) -> dict[str, Any]: ...
