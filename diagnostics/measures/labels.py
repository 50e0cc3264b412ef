"""Labels of rows: one each, or several as a boolean matrix."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .vectors import Whole, as_array

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels of every row, by way of the different sets of labels that occur."""

    set_of_row: Whole
    """Shape: rows."""
    sets: Flags | None
    """Shape: different sets, labels. None where every row has one label: each is a set."""
    count: int
    """How many different sets there are."""

    def __len__(self) -> int:
        return len(self.set_of_row)

    def of(self, rows: Whole) -> "Labels":
        """Return the labels of some rows, repeated or not."""
        return Labels(self.set_of_row[rows], self.sets, self.count)


def read_labels(values: npt.ArrayLike | Labels) -> Labels:
    """Return the labels in ``values``: numbers or words, one a row, or a boolean matrix.

    The matrix has a column for each label; its numbers may be 0 and 1. Raises ValueError otherwise.
    """
    if isinstance(values, Labels):
        return values
    found = as_array(values)
    if found.ndim == 1 and found.dtype.kind in "biuUS":
        names, codes = np.unique(found, return_inverse=True)
        return Labels(codes.astype(np.int64), None, len(names))
    if found.ndim == 2 and found.dtype.kind in "biuf" and np.isin(found, (0, 1)).all():
        sets, codes = np.unique(found.astype(bool), axis=0, return_inverse=True)
        return Labels(codes.reshape(-1).astype(np.int64), sets, len(sets))
    raise ValueError(
        "labels must be whole numbers or words, one a row, or a matrix of true and false, "
        f"not an array of shape {found.shape} and type {found.dtype}"
    )


def single_labels(values: npt.ArrayLike | Labels) -> Labels:
    """Return labels of which every row has one. Raises ValueError for a boolean matrix."""
    labels = read_labels(values)
    if labels.sets is not None:
        raise ValueError("one label a row is needed here, not a matrix")
    return labels


def require_rows(labels: Labels, rows: int) -> Labels:
    """Return ``labels``. Raises ValueError if there are not as many as ``rows``."""
    if len(labels) != rows:
        raise ValueError(f"{len(labels)} labels for {rows} rows")
    return labels
