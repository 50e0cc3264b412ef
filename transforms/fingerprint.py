"""A column of strings -> a hash of 128 bits for each, to be compared instead of the string."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

FINGERPRINT = np.dtype([("high", "u8"), ("low", "u8")])

Fingerprints = npt.NDArray[np.void]

_SEEDS = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F)
_FACTORS = (0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
_WORD = 8
_ALL = 2**64 - 1
_ROWS = 4096
"""The strings that are hashed at a time, in a matrix as wide as the longest of them."""


def fingerprints(column: pa.ChunkedArray | pa.Array) -> Fingerprints:
    """Return the fingerprint of each string of a column without nulls.

    Every eight bytes are mixed in by the finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA
    2014), with a seed for each half. A fingerprint depends on its string alone. The probability of
    a collision among n different strings is about n² / 2¹²⁹.
    """
    result = np.empty(len(column), FINGERPRINT)
    for start in range(0, len(column), _ROWS):
        result[start : start + _ROWS] = _fingerprints(column.slice(start, _ROWS))
    return result


def _fingerprints(column: pa.ChunkedArray | pa.Array) -> Fingerprints:
    words, lengths = _words(column)
    result = np.empty(len(lengths), FINGERPRINT)
    for name, seed in zip(FINGERPRINT.names or (), _SEEDS, strict=True):
        state = _mix(lengths ^ np.uint64(seed))
        for at in range(words.shape[1]):
            is_inside = lengths > np.uint64(at * _WORD)
            state = np.where(is_inside, _mix(state ^ words[:, at]), state)
        result[name] = state
    return result


def high_half(text: str) -> int:
    """Return the high half of the fingerprint of one string."""
    return _mixed(text.encode("utf-8", "surrogatepass"), _SEEDS[0])


def _mixed(octets: bytes, seed: int) -> int:
    state = _mix_one(len(octets) ^ seed)
    for at in range(0, len(octets), _WORD):
        state = _mix_one(state ^ int.from_bytes(octets[at : at + _WORD], "little"))
    return state


def _mix_one(state: int) -> int:
    state = state + _SEEDS[0] & _ALL
    state = (state ^ state >> 30) * _FACTORS[0] & _ALL
    state = (state ^ state >> 27) * _FACTORS[1] & _ALL
    return state ^ state >> 31


def _words(column: pa.ChunkedArray | pa.Array) -> tuple[npt.NDArray[np.uint64], ...]:
    """Return the bytes of each string as words of eight, zero-padded, and their number."""
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    binary = whole.cast(pa.large_binary())
    _, offsets_buffer, data_buffer = binary.buffers()
    first, last = binary.offset, binary.offset + len(binary) + 1
    offsets = np.frombuffer(offsets_buffer or b"\0" * 8, np.int64)[first:last]
    data = np.frombuffer(data_buffer or b"", np.uint8)
    lengths = np.diff(offsets)
    width = -(-int(lengths.max(initial=0)) // _WORD)
    padded = np.zeros((len(lengths), width * _WORD), np.uint8)
    inside = np.arange(width * _WORD)[None, :] < lengths[:, None]
    if len(lengths):
        padded[inside] = data[offsets[0] : offsets[-1]]
    return padded.view("<u8"), lengths.astype(np.uint64)


def _mix(state: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    state = state + np.uint64(_SEEDS[0])
    state = (state ^ (state >> np.uint64(30))) * np.uint64(_FACTORS[0])
    state = (state ^ (state >> np.uint64(27))) * np.uint64(_FACTORS[1])
    return state ^ (state >> np.uint64(31))
