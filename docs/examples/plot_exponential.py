"""
Exponential loads
=================

ln K/N that exponential networks keep, against λ: typical patterns of three kinds, and the bound for all of them.
"""

import matplotlib.pyplot as plt
import numpy as np

import densenet_sm as dsm

lam = np.geomspace(0.05, 5, 60)
with plt.style.context(dsm.plot.STYLE):
    figure, ax = plt.subplots(figsize=(6, 4))
    for n, kind in enumerate(("sign", "sphere", "normal")):
        found = [dsm.exponential_capacity(value, kind) for value in lam.tolist()]
        ax.plot(lam, [one.typical for one in found], color=f"C{n}", label=f"typical, {kind}")
        ax.plot(lam, [one.every for one in found], ":", color=f"C{n}", label=f"all, bound, {kind}")
    ax.set(xscale="log", xlabel="λ", ylabel="α = ln K/N", ylim=(0, 1))
    ax.legend()
