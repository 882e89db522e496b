"""
Storage of three-spin networks
==============================

Regions of the (α, T) plane at P = 3 and the lines between them, replica-symmetric, with the exact Nishimori line.
"""

import matplotlib.pyplot as plt

import densenet_sm as dsm

ds = dsm.phase_diagram(dsm.Model(P=3), x=("alpha", 0, 0.6, 61), y=("T", 0, 0.8, 17))
ends = dsm.nishimori(3)
with plt.style.context(dsm.plot.STYLE):
    figure, ax = plt.subplots(figsize=(6, 4.5))
    dsm.plot.phase_diagram(ds, ax=ax)
    ax.plot([ends.coexistence, ends.spinodal], [ends.coexistence, ends.spinodal], "kD", markersize=4)
    ax.set_title("P = 3; diamonds: exact, on T = α")
