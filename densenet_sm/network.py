"""One realisation of a network, in plain NumPy: the readable reference for every kernel."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import exponentials, streams
from .errors import ParameterError, check_integer, check_name, check_number
from .exponentials import EXPONENTIAL, check_exponential
from .model import INTERACTIONS, Model
from .sizes import count_patterns

Array = NDArray[Any]
BLOCK = 1 << 22  # numbers per temporary array


class Network:
    r"""One realisation: entries t [n, N], weights w [n], archetypes ξ [K, N], optional tensor noise and field.

    H(s) = −c Σ_μ w_μ e_P(y^μ) − c Σ_{i1<…<iP} Ωg_{i1…iP} s_{i1}…s_{iP} − h Σ_i ξ_i^1 s_i, with c = P!/(2N^{P−1}),
    y_i^μ = t_i^μ s_i and e_P the elementary symmetric polynomial (distinct indices), for the "tensor" interaction;
    the first term is −(N/2) Σ_μ w_μ x_μ^P, x_μ = (1/N) Σ_i t_i^μ s_i, for "power", −(1/λ) ln Σ_μ w_μ exp(λ N x_μ) for
    "log-sum-exp" and −N Σ_μ w_μ exp(λ N (x_μ − 1)) for "sum-exp", which have λ in the place of P.

    Parameters
    ----------
    entries : [n, N] real numbers (int8 is kept as it is; everything else becomes float64)
    P : interaction order, 2 ≤ P ≤ N; None for exponentials
    interaction : "tensor", "power", "log-sum-exp" or "sum-exp"
    weights : [n], default 1
    archetypes : [K, N] real numbers, default the entries
    noise : [C(N, P)], the values Ωg in `itertools.combinations(range(N), P)` order
    field : h, along the first archetype
    lam : λ > 0 of the exponentials

    Raises ParameterError for non-finite numbers, inconsistent shapes, P < 2, N < P, λ ≤ 0, an unknown interaction, and
    for "sum-exp" exponents that overflow.

    >>> net = Network([[1, 1, -1, 1]], P=3)
    >>> float(net.energy([1, 1, -1, 1]))  # −(3!/(2·4²)) C(4,3)
    -0.75

    """

    def __init__(
        self,
        entries: ArrayLike,
        P: int | None = None,
        interaction: str = "tensor",
        weights: ArrayLike | None = None,
        archetypes: ArrayLike | None = None,
        noise: ArrayLike | None = None,
        field: float = 0.0,
        lam: float | None = None,
    ):
        self.entries = _matrix("entries", entries)
        self.n, self.N = self.entries.shape
        self.interaction = check_name("interaction", interaction, (*INTERACTIONS, *EXPONENTIAL))
        self.weights = np.ones(self.n) if weights is None else _vector("weights", weights, self.n)
        self.archetypes = self.entries if archetypes is None else _matrix("archetypes", archetypes, self.N)
        self.P, self.lam = 0, 0.0  # whichever it has not
        if interaction in EXPONENTIAL:
            self.lam = check_exponential(interaction, P, lam, self.entries, self.weights, noise)
        else:
            if lam is not None:
                raise ParameterError("lam", f"None with {interaction!r}", lam, "It belongs to the exponentials.")
            self.P = check_integer("P", P, low=2, remedy="P is the number of spins in one interaction.")
            check_integer("N", self.N, low=self.P, remedy="A P-body interaction needs at least P spins.")
        self.noise = None if noise is None else _vector("noise", noise, math.comb(self.N, self.P))
        self.field = check_number("field", field, remedy="The field h is a finite energy per spin.")
        self.probes = self.entries[:1].astype(float)  # [C, N]: condensed entries, one per condensed archetype

    @classmethod
    def sample(
        cls, model: Model, N: int, K: int | Callable[[int], int] | None = None, seed: int = 0, sample: int = 0
    ) -> Network:
        """Draw one realisation of a model at N spins.

        `K`: number of archetypes (teacher–student: of examples), or a function N → K; default `model.n_patterns(N)`.
        `sample` numbers the disorder samples of one seed. `probes` [C, N] become the condensed entries: the examples of
        one archetype averaged, the archetype itself where a teacher drew them.

        Raises ParameterError for N < P, K below the number of condensed patterns or a model with a noise covariance of
        its own, and MemoryLimitError, before anything is drawn, for a K that would not fit into memory.

        >>> Network.sample(Model(P=3, alpha=0.1), N=30, seed=1).entries.shape
        (30, 30)
        """
        count, N = count_patterns(model, N, K), int(N)
        rngs = [streams.generator(seed, purpose, sample) for purpose in ("patterns", "examples")]
        archetypes, entries, weight = model.protocol.draw(count, N, model.P or 2, *rngs)
        noise = None
        if model.nu > 0:
            rng = streams.generator(seed, "tensor noise", sample)
            noise = model.Omega(N) * rng.standard_normal(math.comb(N, model.P))
        weights = np.full(len(entries), weight)
        net = cls(entries, model.P, model.interaction, weights, archetypes, noise, model.field, model.lam)
        net.probes = model.protocol.probes(archetypes, entries)
        return net

    @property
    def scale(self) -> float:
        """The prefactor c: P!/(2N^{P−1}) of the tensor form; 1/(2N^{P−1}), in front of (Σ t s)^P, of the power form."""
        return (math.factorial(self.P) if self.interaction == "tensor" else 1) / (2 * self.N ** (self.P - 1))

    def energy(self, spins: ArrayLike) -> Array:
        """H, extensive: a number for spins [N], [R] for spins [R, N].

        >>> float(Network([[1, 1, 1]], P=2, interaction="power").energy([1, 1, 1]))  # −N/2
        -1.5
        """
        s = self._spins(spins)
        return self._by_block(s, self._energy).reshape(np.shape(spins)[:-1])

    def local_fields(self, spins: ArrayLike) -> Array:
        """Fields h_i such that flipping spin i costs 2 s_i h_i; the shape of `spins`.

        For the tensor interaction h_i = −∂H/∂s_i; others have repeated indices, whose share is removed.
        """
        s = self._spins(spins)
        rows = [self._fields(row) for row in s]
        return np.array(rows).reshape(np.shape(spins))

    def overlaps(self, spins: ArrayLike) -> Array:
        """x_μ = (1/N) Σ_i t_i^μ s_i with the entries: [n] or [R, n]."""
        s = self._spins(spins)
        return self._project(s, self.entries).reshape(*np.shape(spins)[:-1], self.n)

    def magnetisations(self, spins: ArrayLike) -> Array:
        """m_μ = (1/N) Σ_i ξ_i^μ s_i with the archetypes: [K] or [R, K]."""
        s = self._spins(spins)
        return self._project(s, self.archetypes).reshape(*np.shape(spins)[:-1], len(self.archetypes))

    def _project(self, s: Array, rows: Array) -> Array:
        """(1/N) s @ rowsᵀ without a float copy of all rows."""
        return np.concatenate([s @ rows[part].T.astype(float) for part in self._row_blocks()], axis=1) / self.N

    def mean_energy(self) -> float:
        """The energy that others are measured from: that at infinite temperature for the power form, 0 otherwise.

        It is −(N/2) Σ_μ w_μ E x_μ^P over free spins, and is 0 for the tensor form.

        The moments of Σ_i t_i s_i follow from its cumulants κ_{2k} Σ_i t_i^{2k}, κ_2, κ_4, … = 1, −2, 16, −272, ….
        """
        if self.interaction != "power":
            return 0.0
        kappa = _sign_cumulants(self.P)
        total = 0.0
        for part in self._row_blocks():
            t = self.entries[part].astype(float)
            cumulants = [kappa[k] * (t**k).sum(1) if k % 2 == 0 else 0.0 for k in range(self.P + 1)]
            moments = [np.ones(len(t))]
            for k in range(1, self.P + 1):
                terms = [math.comb(k - 1, j - 1) * cumulants[j] * moments[k - j] for j in range(1, k + 1)]
                moments.append(sum(terms, np.zeros(len(t))))
            total += float(self.weights[part] @ moments[self.P])
        return -self.scale * total

    def _row_blocks(self) -> list[slice]:
        """Blocks of rows small enough to be widened to floats."""
        rows = max(1, BLOCK // self.N)
        return [slice(i, i + rows) for i in range(0, max(self.n, len(self.archetypes)), rows)]

    def _energy(self, s: Array) -> Array:
        if self.lam:
            H = exponentials.energy(s @ self.entries.T, self.weights, self.lam, self.interaction, self.N)
        elif self.interaction == "power":
            H = -self.scale * ((s @ self.entries.T) ** self.P @ self.weights)
        else:
            H = -self.scale * (_elementary(self._power_sums(s))[self.P] @ self.weights)
        if self.noise is not None:
            H = H - self._c_tensor * (s[:, self._indices].prod(-1) @ self.noise)
        return H - self.field * (s @ self.archetypes[0])

    def _fields(self, s: Array) -> Array:
        y = self.entries * s
        if self.lam:
            h = s * exponentials.cost(y, self.weights, self.lam, self.interaction) / 2
        elif self.interaction == "power":
            a = y.sum(1, keepdims=True)
            loss = (a - 2 * y) ** self.P - a**self.P
            h = -self.scale * s * (self.weights @ loss) / 2
        else:
            e = [column[0][:, None] for column in _elementary(self._power_sums(s[None]))]
            without = np.ones_like(y, dtype=float)  # e_k of the other sites, by e_k − y_i e_{k−1}^{without i}
            for k in range(1, self.P):
                without = e[k] - y * without
            h = self.scale * (self.weights @ (self.entries * without))
        if self.noise is not None:
            product = self._c_tensor * self.noise * s[self._indices].prod(-1)
            h = h + s * np.bincount(self._indices.ravel(), np.repeat(product, self.P), minlength=self.N)
        return h + self.field * self.archetypes[0]

    def _power_sums(self, s: Array) -> list[Array]:
        """p_k = Σ_i (t_i s_i)^k for k = 0..P, each [R, n]; even powers forget the spins."""
        sums = [np.full((len(s), self.n), float(self.N))]
        for k in range(1, self.P + 1):
            power = self.entries.astype(float) ** k
            sums.append(s @ power.T if k % 2 else np.broadcast_to(power.sum(1), (len(s), self.n)))
        return sums

    @property
    def _c_tensor(self) -> float:
        return math.factorial(self.P) / (2 * self.N ** (self.P - 1))

    @property
    def _indices(self) -> Array:
        """[C(N, P), P]: the index tuples of the tensor noise."""
        flat = itertools.chain.from_iterable(itertools.combinations(range(self.N), self.P))
        return np.fromiter(flat, np.intp).reshape(-1, self.P)

    def _by_block(self, s: Array, function: Callable[[Array], Array]) -> Array:
        if not len(s):
            return np.zeros(0)
        width = self.n if self.noise is None else max(self.n, self.noise.size * self.P)
        rows = max(1, BLOCK // width)
        return np.concatenate([function(s[i : i + rows]) for i in range(0, len(s), rows)])

    def _spins(self, spins: ArrayLike) -> Array:
        return check_spins("spins", spins, self.N).astype(float)

    def __repr__(self) -> str:
        noise = "" if self.noise is None else ", tensor noise"
        sizes = f"n={self.n}, N={self.N}, " + (f"lam={self.lam:g}" if self.lam else f"P={self.P}")
        return f"Network({sizes}, interaction={self.interaction!r}{noise}, field={self.field:g})"


def check_spins(name: str, spins: ArrayLike, N: int) -> Array:
    """Spins as an array [R, N] of ±1, or ParameterError."""
    s = np.atleast_2d(_array(name, spins))
    if s.ndim != 2 or s.shape[1] != N:
        remedy = "The last axis runs over the sites of the network."
        raise ParameterError(name, f"of shape [{N}] or [R, {N}]", np.shape(spins), remedy)
    if not np.isin(s, (-1, 1)).all():
        raise ParameterError(name, "all -1 or 1", np.unique(s)[:5], "Map your states to signs first.")
    return s


def _elementary(p: list[Array]) -> list[Array]:
    """Elementary symmetric polynomials e_0..e_P from power sums, k e_k = Σ_j (−1)^{j−1} e_{k−j} p_j (Newton)."""
    e = [np.ones_like(p[0])]
    for k in range(1, len(p)):
        e.append(sum((-1) ** (j - 1) * e[k - j] * p[j] for j in range(1, k + 1)) / k)
    return e


def _sign_cumulants(order: int) -> list[float]:
    """Cumulants of a free spin, from its moments 1, 0, 1, 0, …."""
    kappa = [0.0]
    for n in range(1, order + 1):
        moment = float(n % 2 == 0)
        lower = sum(math.comb(n - 1, j - 1) * kappa[j] * ((n - j) % 2 == 0) for j in range(1, n))
        kappa.append(moment - lower)
    return kappa


def _matrix(name: str, values: ArrayLike, width: int | None = None) -> Array:
    array = _array(name, values)
    expected = "[n, N]" if width is None else f"[K, {width}]"
    if array.ndim != 2 or array.size == 0 or (width is not None and array.shape[1] != width):
        raise ParameterError(
            name, f"a matrix of shape {expected}", array.shape, "One row per pattern, one column per site."
        )
    return _finite(name, array)


def _vector(name: str, values: ArrayLike, length: int) -> Array:
    array = _array(name, values)
    if array.shape != (length,):
        raise ParameterError(name, f"a vector of length {length}", array.shape, "Give one number for each.")
    return _finite(name, array).astype(float)


def _array(name: str, values: ArrayLike) -> Array:
    try:
        return np.asarray(values)
    except ValueError:
        raise ParameterError(name, "a full array", values, "Give every row the same length.") from None


def _finite(name: str, array: Array) -> Array:
    remedy = "Remove NaN, infinities and non-numbers."
    if array.dtype.kind not in "iuf":
        raise ParameterError(name, "finite real numbers", array.dtype.name, remedy)
    if not np.isfinite(array).all():
        raise ParameterError(name, "finite real numbers", float(array[~np.isfinite(array)][0]), remedy)
    return array if array.dtype == np.int8 else array.astype(float)
