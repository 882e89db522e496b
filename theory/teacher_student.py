"""Teacher and student: (α, T) diagrams at a teacher's T*, and the Nishimori line T = T* -> data/teacher_theory_P*.nc

python theory/teacher_student.py [--preset quick|full|toy] [--out data]
"""

import numpy as np
import xarray as xr
from rich.progress import Progress

import densenet_sm as dsm
from densenet_sm.protocols.teacher import coexistence_temperature
from densenet_sm.scripts import study_arguments

ORDERS = (3, 4)
TEACHER = 1.0
LOAD, HEAT = (0.0, 6.0), (0.0, 3.0)  # α and T of the diagrams
WARMEST = 2.0  # T* of the Nishimori plane
SIZES = (32, 48, 64, 96, 128, 192, 256, 384, 512)  # N of the examples' signal
PRESETS = {"toy": (3, 3), "quick": (41, 9), "full": (121, 25)}  # rows of a diagram, values of T*


def main(argv=None):
    args = study_arguments(__doc__, PRESETS, argv)
    rows, teachers = PRESETS[args.preset]
    with Progress() as bar:
        task = bar.add_task("teacher and student", total=len(ORDERS) * (2 * rows + teachers))
        for P in ORDERS:
            bar.update(task, description=f"teacher and student P={P}")
            found = {
                "theory": diagram(P, rows, lambda: bar.advance(task)),
                "nishimori": nishimori(P, teachers, lambda: bar.advance(task)),
            }
            for name, ds in found.items():
                ds.to_netcdf(args.out / f"teacher_{name}_P{P}.nc", engine="h5netcdf")


def diagram(P, rows, step):
    """Regions and lines of the student; at small load also of single examples, which it stores like patterns."""
    axes = {"x": ("alpha", *LOAD, 4 * rows + 1), "y": ("T", *HEAT, rows), "progress": step}
    student = dsm.phase_diagram(dsm.Model(P=P, protocol=dsm.TeacherStudent(T_teacher=TEACHER)), **axes)
    stored = dsm.phase_diagram(dsm.Model(P=P), **axes)
    phase = student.phase.values
    for old, new in (("retrieval", "example"), ("metastable retrieval", "metastable example")):
        phase = np.where((stored.phase == old) & ~student.phase.str.endswith("retrieval"), new, phase)
    names = {name: (student, name) for name in student.line.values}
    names |= {f"{kind} example/RS": (stored, f"{kind}/RS") for kind in ("spinodal", "coexistence")}
    paths = [ds.sel(line=name) for ds, name in names.values()]
    lines = np.full((2, len(names), max(path.sizes["point"] for path in paths)), np.nan)
    for n, path in enumerate(paths):
        lines[:, n, : path.sizes["point"]] = path.line_x, path.line_y
    data = {"line_x": (("line", "point"), lines[0]), "line_y": (("line", "point"), lines[1])}
    data["phase"] = (("T", "alpha"), phase)
    coordinates = {"line": list(names), "alpha": student.alpha, "T": student["T"]}
    return xr.Dataset(data, coordinates, {**student.attrs, "T_teacher": TEACHER})


def nishimori(P, teachers, step):
    """T = T*: ends of retrieval for several teachers, searched and exact, and their examples' signal at N over α/T*."""
    T = np.linspace(1.001 * coexistence_temperature(P), WARMEST, teachers)
    ends = {"spinodal": [], "coexistence": []}
    for value in T.tolist():
        student = dsm.Model(P=P, protocol=dsm.TeacherStudent(T_teacher=value))
        for kind, loads in ends.items():
            loads.append(dsm.critical(student, "alpha", T=value, kind=kind, bounds=(0.0, 4 * value**2)).value)
        step()
    exact = dsm.nishimori(P)  # the storage model's T = α is T*²/α here
    data = {f"load_{kind}": ("T_teacher", loads) for kind, loads in ends.items()}
    data |= {f"exact_{kind}": ("T_teacher", T**2 / getattr(exact, kind)) for kind in ends}
    data["signal"] = (
        ("T_teacher", "N"),
        [[dsm.TeacherStudent(t).amplitude(t, N, P) for N in SIZES] for t in T.tolist()],
    )
    return xr.Dataset(data, {"T_teacher": T, "N": list(SIZES)}, {"P": P})


if __name__ == "__main__":
    main()
