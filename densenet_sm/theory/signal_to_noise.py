r"""Signal to noise: one parallel step from an archetype, and the energy as a sum of losses (theory/SIGNAL_TO_NOISE.md).

Spins equal to an archetype are independent of the other patterns, so the field on a spin is a signal plus a normal of
variance ξ′(1), exactly as N → ∞: no self-consistency, and no replicas. `bit_errors` is the same at any N and K.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaln

from .. import streams
from ..errors import ParameterError, check_integer, check_number
from ..model import Model, check_model
from ..polynomials import elementary_polynomial
from ..protocols import Storing
from .noise import noise_of

Array = NDArray[Any]


def one_step(model: Model) -> float:
    r"""Magnetisation E[ξ sign h] after one synchronous T = 0 step from the first archetype, per spin.

    h = ψt + h_ext ξ + σz with ψ = f′(x) = (P/2) x^{P−1} (teacher–student: α/T* times that), x = E[tξ] (r/√R for
    examples, a factor √(1−d) for blank sites) and σ² = ξ′(1) (P = 2: Σ aκ²). Blank sites start at random and count as
    zero; divide by 1−d for a mean over the others. Plain patterns: erf(√P/(2√(α+ν))), 1 without noise.
    References: agliari2023supervised, agliari2023unsupervised (signal-to-noise).

    Raises ParameterError for anything but a Model.

    >>> round(one_step(Model(P=3, alpha=0.25)), 6)  # erf √3
    0.985694
    """
    from scipy.special import erf

    protocol = check_model(model).protocol
    live = 1 - protocol.dilution
    ((_, law),) = protocol.groups()  # given ξ = +1: equal overlaps make the examples one average
    psi = protocol.amplitude(model.alpha) * model.P / 2 * (live * law.weight @ law.mean) ** (model.P - 1)
    mean = psi * law.mean + model.field
    variance = noise_of(model).strength(1.0, 0.0) + psi**2 * law.variance
    smooth = variance > 0
    response = np.where(smooth, erf(mean / np.sqrt(np.where(smooth, 2 * variance, 1.0))), np.sign(mean))
    return float(live * law.weight @ response)


def bit_errors(
    model: Model, N: int, K: int | None = None, overlap: float = 1.0, draws: int = 10_000, seed: int = 0
) -> Array:
    r"""Probabilities that spins of a cue are wrong after one synchronous T = 0 step: [of right spins, of wrong spins].

    The cue has A = N·overlap with one of K patterns of signs and is independent of the others. Flipping spin i is
    decided by Σ_μ y_i^μ g(a_i^μ), y = ξs, a the sum of the other N − 1 y, where g is e_{P−1} of those ("tensor"),
    (a+1)^P − (a−1)^P ("power") or e^{λa} (exponentials). Of the other patterns y and a are independent, so the numbers
    of patterns at each (y, a) are multinomial, and `draws` of them sample the noise exactly at any N and K, without a
    network; the pattern itself adds g(A − 1) where the cue is right, g(A + 1) where it is wrong. Ties count half.

    The magnetisation after the step is 1 − (1 + overlap) errors[0] − (1 − overlap) errors[1]; standard errors are
    √(p(1 − p)/draws). As N → ∞ it is that of `one_step` for tensors, and a step at `exponential_capacity(2λ).basin`
    for exponentials.

    Raises ParameterError for models with anything but plain patterns, and for an overlap outside [0, 1].

    >>> bit_errors(Model(P=3), N=50, K=200).round(2).tolist()  # (1 − erf(√3/(2√α)))/2 at α = 0.24 is 0.006
    [0.01, 0.01]
    """
    check_model(model, exponential=True)
    plain = {"protocol": Storing(), "nu": 0, "field": 0, "covariance": None}
    for name, value in plain.items():
        if getattr(model, name) != value:
            raise ParameterError(name, f"{value}", getattr(model, name), "Only the noise of plain patterns is sampled.")
    N = check_integer("N", N, low=model.P or 2, remedy="A P-body interaction needs at least P spins.")
    K = check_integer("K", model.n_patterns(N) if K is None else K, low=1, high=2**62)
    overlap = check_number("overlap", overlap, low=0, high=1)
    draws = check_integer("draws", draws, low=1)
    a = N - 1.0 - 2 * np.arange(N)
    g, A = _pull(model, N), N - 2 * round(N * (1 - overlap) / 2)
    odds = np.exp(-betaln(np.arange(N) + 1, N - np.arange(N)) - math.log(N) - (N - 1) * math.log(2))
    counts = streams.generator(seed, "one step").multinomial(K - 1, np.tile(odds / odds.sum() / 2, 2), draws)
    difference = counts[:, :N] - counts[:, N:]
    owns = (A - 1.0, min(A + 1.0, N - 1.0))
    fields = np.stack([difference @ g(a, own) + g(own, own) for own in owns], axis=1)
    return ((fields < 0) + 0.5 * (fields == 0)).mean(0)


def _pull(model: Model, N: int) -> Callable[[Any, float], Any]:
    """g(a), or a multiple: what aligned patterns pull a spin with, a being the sum of their other N − 1 products.

    Exponentials are relative to the pattern's `own` and bounded: what is cut off wins, or loses, by e^600 either way.
    """
    if model.lam is not None:
        lam = min(model.lam, 40.0)  # e^80 is more than all patterns: from here on the nearest decides
        return lambda a, own: np.exp(np.clip(lam * (a - own), -600.0, 600.0))
    P = model.P
    if model.interaction == "tensor":
        polynomial = elementary_polynomial(P - 1, N - 1)
        return lambda a, own: polynomial(a)
    return lambda a, own: ((a + 1) / N) ** P - ((a - 1) / N) ** P


def losses(m: ArrayLike) -> tuple[Array, Array]:
    """Quadratic losses L± = |ξ ± s|²/(2N) = 1 ± m of spins of magnetisation m with a full pattern: 1 − L₊L₋ = m².

    L₋ counts the mismatch of spins and pattern, L₊ that with its mirror image; both lie in [0, 2]. The shape is that
    of m, one loss for each pattern. References: agliari2023unsupervised, albanese2024.

    Raises ParameterError for |m| > 1.

    >>> plus, minus = losses([1.0, -0.5])
    >>> plus.tolist(), minus.tolist(), (1 - plus * minus).tolist()
    ([2.0, 0.5], [0.0, 1.5], [1.0, 0.25])
    """
    m = _real("m", m)
    if (np.abs(m) > 1 + 1e-12).any():
        raise ParameterError("m", "magnetisations in [-1, 1]", m, "m = (1/N) Σ ξ s over all sites.")
    m = np.clip(m, -1, 1)
    return 1 + m, 1 - m


def energy_of_losses(P: int, L_plus: ArrayLike, L_minus: ArrayLike) -> Array:
    r"""Energy per spin of a pattern from its losses: −½ [(L₊−L₋)/2]^{P mod 2} (1 − L₊L₋)^{⌊P/2⌋} = −½ m^P.

    Even P: a function of the product alone, so that the pattern and its mirror image are minima; for odd P the factor
    tells them apart. The sum over all patterns is the power form's H/N, at any N. The shape is that of the losses.

    Raises ParameterError for P < 2, or losses that are negative or do not sum to 2.

    >>> energy_of_losses(3, *losses([1.0, -0.5])).tolist()
    [-0.5, 0.0625]
    """
    P = check_integer("P", P, low=2, remedy="P is the number of spins in one interaction.")
    plus, minus = _real("L_plus", L_plus), _real("L_minus", L_minus)
    if plus.shape != minus.shape or not np.allclose(plus + minus, 2, rtol=0, atol=1e-9):
        raise ParameterError("L_minus", "2 - L_plus", minus, "Take both from losses(m).")
    if min(plus.min(initial=0), minus.min(initial=0)) < 0:
        raise ParameterError("L_plus", "losses in [0, 2]", plus, "Take both from losses(m).")
    return -0.5 * ((plus - minus) / 2) ** (P % 2) * (1 - plus * minus) ** (P // 2)


def _real(name: str, values: ArrayLike) -> Array:
    try:
        array = np.asarray(values)
    except ValueError:
        array = np.empty(0, object)
    if array.dtype.kind not in "iuf" or not np.isfinite(array).all():
        raise ParameterError(name, "finite real numbers", values, "Remove NaN, infinities and non-numbers.")
    return array.astype(float)
