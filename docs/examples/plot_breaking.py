"""
What one step of breaking changes
=================================

Retrieval at P = 3, T = 0.1 against load, followed through its fold, symmetric and with one step.
"""

import matplotlib.pyplot as plt

import densenet_sm as dsm

with plt.style.context(dsm.plot.STYLE):
    figure, ax = plt.subplots(figsize=(6, 4))
    for ansatz, line in (("RS", "--"), ("1RSB", "-")):
        branch = dsm.follow(dsm.Model(P=3), "alpha", (0.05, 0.6), T=0.1, ansatz=ansatz)
        ax.plot(branch.alpha, branch.m, line, label=ansatz)
    ax.set(xlabel="α", ylabel="m", title="P = 3, T = 0.1")
    ax.legend()
