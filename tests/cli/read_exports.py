#!/usr/bin/env python3
"""Reads the exports of a run with NumPy, h5py and VTK, and compares them with each other.

usage: read_exports.py FOLDER, which holds npz, npy/, hdf5/, vtk/ and csv/ of one run with a
plane `plane`, a line `line` and a plane `training` along a trajectory. Prints what it
compared; fails on the first difference.
"""

import csv
import pathlib
import sys

import h5py
import numpy as np
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkIOLegacy import vtkRectilinearGridReader

folder = pathlib.Path(sys.argv[1])
arrays = np.load(folder / "arrays.npz")
for name in arrays.files:
    assert np.array_equal(np.load(folder / "npy" / f"{name}.npy"), arrays[name], equal_nan=True), name


def table(slice_name, column):
    with open(folder / "csv" / "slices.csv") as file:
        return np.array([float(row[column]) for row in csv.DictReader(file) if row["slice"] == slice_name])


def check_surface(name, line):
    get = lambda what: arrays[f"slice_{name}_{what}"]
    with h5py.File(folder / "hdf5" / f"{name}.h5") as f:
        x = f["xcoordinates"][:]
        assert np.array_equal(x, get("x"))
        assert ("ycoordinates" in f) != line
        loss = get("plain_loss").ravel() if line else get("plain_loss")
        assert np.array_equal(f["train_loss"][:], loss)
        assert np.array_equal(f["loss"][:].ravel(), get("loss").ravel())
        assert np.allclose(f["train_acc"][:].ravel(), 100 * get("accuracy").ravel())
        assert f["test_loss"].shape == loss.shape and f["test_acc"].shape == loss.shape
        if not line:  # Z[i, j] is the point (x_j, y_i)
            y = f["ycoordinates"][:]
            assert np.array_equal(y, get("y")) and loss.shape == (len(y), len(x))
        directions = f["dir_file"][()].decode()
    assert np.array_equal(table(name, "loss"), get("loss").ravel())
    assert np.array_equal(table(name, "x")[: len(x)], x)
    with h5py.File(folder / "hdf5" / directions) as f:
        for group, vector in (("xdirection", "u"), ("ydirection", "v")):
            if group not in f:
                assert line and group == "ydirection"
                continue
            tensors = [f[group][str(k)][:] for k in range(len(f[group]))]
            assert np.array_equal(np.concatenate([t.ravel() for t in tensors]), get(vector))
            assert [t.ndim for t in tensors] == [2, 1] * (len(tensors) // 2)
    reader = vtkRectilinearGridReader()
    reader.SetFileName(str(folder / "vtk" / f"{name}.vtk"))
    reader.ReadAllScalarsOn()
    reader.Update()
    grid = reader.GetOutput()
    assert grid.GetDimensions() == (len(x), len(get("y")), 1)
    for channel in ("loss", "plain_loss", "accuracy", "held_out_loss"):
        values = vtk_to_numpy(grid.GetPointData().GetArray(channel))
        assert np.array_equal(values, get(channel).ravel()), channel
    print(f"{name}: {loss.size} points agree")


check_surface("plane", line=False)
check_surface("line", line=True)
with h5py.File(folder / "hdf5" / "training_trajectory.h5") as f:
    assert np.array_equal(f["proj_xcoord"][:], arrays["slice_training_trajectory_x"])
    assert len(f["proj_ycoord"]) == len(f["proj_xcoord"]) > 5
print("trajectory agrees")
