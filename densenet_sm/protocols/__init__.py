r"""How data make the entries t of a network: by sampling (Monte Carlo) and by their single-site law (theory).

An archetype ξ^μ gives entries t^μ = ξ^μ u / √(1−d), with u = 1 for storing and u an average of noisy examples
η = ξ χ, E χ = r, otherwise; d is the fraction of blank sites. Entries have unit variance in the storing, supervised and
multitasking protocols; a single unsupervised example η/√R has variance 1/R. R = r² + (1−r²)/M = r²(1+ρ).
Teacher–student entries are states that another network, of one archetype, takes at a temperature of its own.
"""

from .base import Storing, sample_archetypes
from .examples import Supervised, Unsupervised
from .multitasking import Multitasking
from .registry import PROTOCOLS, Protocol, parameters_of, with_parameters
from .teacher import TeacherStudent

__all__ = [
    "PROTOCOLS",
    "Multitasking",
    "Protocol",
    "Storing",
    "Supervised",
    "TeacherStudent",
    "Unsupervised",
    "parameters_of",
    "sample_archetypes",
    "with_parameters",
]
