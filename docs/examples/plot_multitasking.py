"""
Several diluted patterns at once
================================

Overlaps of three diluted patterns at P = 2 in the lowest of all stable states, against the share d of blank sites.
"""

import matplotlib.pyplot as plt
import numpy as np

import densenet_sm as dsm

dilutions = np.linspace(0.05, 0.9, 30)
found = [dsm.stable_states(dsm.Model(P=2, protocol=dsm.Multitasking(K=3, d=d)), T=0.1)[0] for d in dilutions.tolist()]
with plt.style.context(dsm.plot.STYLE):
    figure, ax = plt.subplots(figsize=(6, 4))
    for k, line in enumerate(("-", "--", ":")):
        ax.plot(dilutions, [abs(state.m_active[k]) for state in found], line, label=f"pattern {k + 1}")
    ax.set(xlabel="d", ylabel="m/(1 − d)", title="P = 2, T = 0.1")
    ax.legend()
