#pragma once

#include "core/layout.h"
#include "store/results.h"

namespace basin {

// A run's arrays in files that other programs read. Each file is written whole or not
// at all. All throw StorageError if they cannot.

/// All of them in one NumPy archive.
void export_npz(Results& results, const std::filesystem::path& file);

/// The same, an .npy file each, in `folder`.
void export_npy(Results& results, const std::filesystem::path& folder);

/// HDF5 as the tools of Li et al. 2018 read it (tomgoldstein/loss-landscape): for each
/// slice NAME.h5 with xcoordinates, ycoordinates, train_loss (decay left out) and
/// train_acc, test_loss, test_acc in percent, `[ny, nx]` or `[nx]`; NAME_directions.h5
/// with xdirection/0, ... a tensor of the layout each, W then b of every layer; and,
/// for a trajectory on a plane, NAME_trajectory.h5 with proj_xcoord, proj_ycoord.
/// Beside them `loss`, decay included.
void export_hdf5(Results& results,
                 const ParameterLayout& layout,
                 const std::filesystem::path& folder);

/// VTK's legacy format for ParaView: a rectilinear grid with the channels as point
/// data, NAME.vtk for each slice.
void export_vtk(Results& results, const std::filesystem::path& folder);

/// The graph of minima as pele reads it (storage/database.py, schema 2): an SQLite file
/// with tbl_minima and tbl_transition_states; fvib = Σ log |λ|, pgorder = order of the
/// stabiliser, invalid = not certified. Coordinates are pickled NumPy arrays.
void export_pele(Results& results, const std::filesystem::path& file);

/// ... as PATHSAMPLE and disconnectionDPS read it: min.data (energy, Σ log |λ|, order,
/// three moments of inertia, here 1), ts.data (the same with two minima, from 1),
/// points.min and points.ts (float64).
void export_pathsample(Results& results, const std::filesystem::path& folder);

/// ... as TopSearch reads it: min.data, min.coords, ts.data, ts.coords, pairlist, from
/// 0.
void export_topsearch(Results& results, const std::filesystem::path& folder);

}  // namespace basin
