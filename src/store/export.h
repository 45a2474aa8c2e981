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

}  // namespace basin
