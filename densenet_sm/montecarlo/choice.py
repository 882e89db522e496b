"""Which kernel a realisation runs on."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import ParameterError, check_name
from ..network import Network
from ..sizes import free_memory
from . import diluted, lanes, multiples, signs
from .couplings import CouplingTensor, noise_tensor, tensor_of
from .entries import EntryRows, whole
from .exponentials import ExponentialRows
from .sweeping import Memory, flip, gain, kernel, remember

Array = NDArray[Any]
KERNELS = ("bits", "couplings", "integers", "lanes", "reals")
MAX_SIGN_ORDER = 8
FEW = {2: 8.0}  # couplings per pattern up to which the tensor is quicker, a flip touching them all; else MANY
MANY = 1.0
SEVERAL = 4  # replicas from which lanes are quicker than each by itself
MADE, AT_ONCE = 4e9, 64  # products of entries that a tensor may cost, signs being counted by words


def check_kernel(kernel: Any, dynamics: str) -> None:
    """A kernel by name, for single flips only, and lanes for those of a common order of sites."""
    if kernel is None:
        return
    check_name("kernel", kernel, KERNELS)
    if dynamics == "parallel":
        raise ParameterError("kernel", "None for parallel dynamics, a matrix product", kernel, "Leave kernel out.")
    if kernel == "lanes" and dynamics == "metropolis":
        requirement = "another one for Metropolis, where each replica has its own sites"
        raise ParameterError("kernel", requirement, kernel, "Leave kernel out.")


class Parts(NamedTuple):
    """Entries of the power interaction, and the tensor of synaptic noise."""

    scale: float
    total: Array
    memory: Memory
    entries: Any
    noise: Any


class EntriesAndNoise:
    """What replicas share where the noise cannot be part of the interaction's own tensor."""

    exact, scale = False, 1.0

    def __init__(self, entries: Any, noise: CouplingTensor):
        self.entries, self.noise = entries, noise

    def state(self, spins: Array) -> Parts:
        """Caches of a configuration, from scratch."""
        a, b = self.entries.state(spins), self.noise.state(spins)
        total = np.array([a.scale * a.total[0] + b.scale * b.total[0]])
        return Parts(1.0, total, remember(len(spins), np.float64), a, b)


def gain_of_parts(state, spins, i):  # type: ignore[no-untyped-def]
    return state.entries.scale * gain(state.entries, spins, i) + state.noise.scale * gain(state.noise, spins, i)


def flip_of_parts(state, spins, i):  # type: ignore[no-untyped-def]
    flip(state.entries, spins, i)
    flip(state.noise, spins, i)


kernel(Parts, gain_of_parts, flip_of_parts)


def chosen(net: Network, name: str | None, portable: bool, together: int) -> tuple[str, Any]:
    """Name of the kernel and what its replicas share; ParameterError for a name that does not suit the network."""
    if net.lam:
        if name is not None:
            raise ParameterError("kernel", f"None for {net.interaction!r}", name, "Leave kernel out.")
        return "exponentials", ExponentialRows(net)
    if net.noise is not None:
        return _with_noise(net, name)
    if name is None:
        name = best(net, together)
    if name == "bits":
        return name, _bit_rows(net, portable)
    if name == "lanes":
        return name, _lane_rows(net)
    if name == "couplings":
        if net.interaction != "tensor":
            raise ParameterError("kernel", "another one for the power interaction", name, "Leave kernel out.")
        return name, tensor_of(net, *_multiples(net, "integers"))
    rows, weights, scale = _multiples(net, name)
    if name == "integers":
        if weights is not None:
            requirement = "'integers' only for entries that are multiples, up to 127, of one unit, and equal weights"
            raise ParameterError("kernel", requirement, name, "Leave kernel out.")
        if multiples.suitable(rows, net.P, net.interaction):
            return name, multiples.MultipleRows(rows, scale, net.P, net.interaction, portable)
    return name, EntryRows(rows, np.ones(net.n) if weights is None else weights, scale, net.P, net.interaction)


def best(net: Network, together: int) -> str:
    """The kernel that is expected to be the quickest: by the size of the tensor and the kind of entries."""
    n, N, P = net.n, net.N, net.P
    if together >= SEVERAL and _in_lanes(net):
        return "lanes"
    tensor = N * math.comb(N - 1, P - 1)
    made = MADE * (AT_ONCE if P > 2 and (np.abs(net.entries) == np.abs(net.entries[0, 0])).all() else 1)
    quick = tensor / N <= FEW.get(P, MANY) * n and tensor / P * n < made and 16 * tensor < free_memory() / 4
    if net.interaction == "tensor" and quick:
        return "couplings"
    if P <= MAX_SIGN_ORDER and _in_bits(net):
        return "bits"
    return "integers" if _multiples(net, "integers")[1] is None else "reals"


def _in_bits(net: Network) -> bool:
    """Whether entries share their modulus, where they are not zero, and whole numbers hold all sums."""
    modulus = float(np.abs(net.entries).max())
    if modulus == 0 or (net.weights != net.weights[0]).any() or not np.isin(np.abs(net.entries), (0, modulus)).all():
        return False
    if net.entries.all():
        return signs.suitable(net.P, net.N, net.n, net.interaction)
    return diluted.suitable(net.entries, net.P, net.interaction)


def _bit_rows(net: Network, portable: bool) -> Any:
    if not _in_bits(net):
        requirement = "'bits' only for entries of one modulus or zero and equal weights, whose sums stay below 2^62"
        raise ParameterError("kernel", requirement, "bits", "Leave kernel out.")
    rows = np.sign(net.entries).astype(np.int8)
    make = signs.SignRows if rows.all() else diluted.DilutedRows
    return make(rows, _scale(net, float(np.abs(net.entries).max())), net.P, net.interaction, portable)


def _in_lanes(net: Network) -> bool:
    """Whether entries share their modulus, and floats hold all sums."""
    modulus = float(np.abs(net.entries).max())
    same = modulus > 0 and bool((np.abs(net.entries) == modulus).all() and (net.weights == net.weights[0]).all())
    return same and lanes.suitable(net.P, net.N, net.n, net.interaction)


def _lane_rows(net: Network) -> lanes.LaneRows:
    if not _in_lanes(net):
        requirement = f"'lanes' only for up to {lanes.FEW} patterns of one modulus and equal weights"
        raise ParameterError("kernel", requirement, "lanes", "Leave kernel out.")
    scale = _scale(net, float(np.abs(net.entries).max()))
    return lanes.LaneRows(np.sign(net.entries).astype(np.int8), scale, net.P, net.interaction)


def _scale(net: Network, unit: float) -> float:
    return float(net.scale * net.weights[0] * unit**net.P)


def _multiples(net: Network, name: str) -> tuple[Array, Array | None, float]:
    """Entries, weights and scale; in whole numbers without weights if that is possible and wanted."""
    found = whole(net.entries) if name == "integers" and (net.weights == net.weights[0]).all() else None
    if found is None:
        return net.entries.astype(float), net.weights, float(net.scale)
    return found[0], None, _scale(net, found[1])


def _with_noise(net: Network, name: str | None) -> tuple[str, Any]:
    """The tensor of entries and noise; for the power interaction the entries by themselves."""
    if name not in (None, "couplings"):
        raise ParameterError("kernel", "'couplings' or None with synaptic noise", name, "Leave kernel out.")
    if net.interaction == "tensor":
        return "couplings", tensor_of(net, net.entries.astype(float), net.weights, float(net.scale))
    rows, weights, scale = _multiples(net, "integers")
    entries = EntryRows(rows, np.ones(net.n) if weights is None else weights, scale, net.P, net.interaction)
    return "couplings", EntriesAndNoise(entries, noise_tensor(net))
