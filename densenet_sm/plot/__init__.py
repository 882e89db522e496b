"""Figures from datasets; the only room of the library where matplotlib is imported.

>>> import matplotlib.pyplot as plt
>>> with plt.style.context(STYLE):  # Okabe–Ito colours, cividis, constrained layout
...     plt.rcParams["image.cmap"]
'cividis'
"""

from .campaigns import campaign
from .diagrams import STYLE, compare, legend_handles, lines, phase_diagram
from .files import save, stored

__all__ = ["STYLE", "campaign", "compare", "legend_handles", "lines", "phase_diagram", "save", "stored"]
