"""
How far a cue may be
====================

Fraction of cues that fall to the pattern at T = 0, against their overlap with it, at three loads of P = 3 and N = 80.
"""

import matplotlib.pyplot as plt
import numpy as np

import densenet_sm as dsm

with plt.style.context(dsm.plot.STYLE):
    figure, ax = plt.subplots(figsize=(6, 4))
    for n, alpha in enumerate((0.05, 0.15, 0.3)):
        ds = dsm.basins(dsm.Model(P=3, alpha=alpha), np.linspace(0, 1, 11), N=80, cues=10, samples=6, seed=1)
        ax.errorbar(ds.overlap, ds.retrieval, ds.retrieval_err, fmt="os^"[n] + "-", capsize=2, label=f"α = {alpha:g}")
    ax.set(xlabel="overlap of the cue", ylabel="retrieved")
    ax.legend()
