#include <ATen/Functions.h>
#include <hdf5.h>

#include <limits>

#include "core/error.h"
#include "core/file.h"
#include "store/export.h"

namespace basin {
namespace {

/// An HDF5 file being written: under a name of its own until it is whole.
class Hdf5File {
 public:
  explicit Hdf5File(std::filesystem::path path)
      : path_(std::move(path)), part_(path_.string() + ".part") {
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
    file_ = check(H5Fcreate(part_.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT));
  }
  ~Hdf5File() {
    if (file_ >= 0) H5Fclose(file_);
  }
  Hdf5File(const Hdf5File&) = delete;
  Hdf5File& operator=(const Hdf5File&) = delete;

  void add(const std::string& name, const torch::Tensor& values) {
    const auto flat = values.to(torch::kFloat64).contiguous();
    std::vector<hsize_t> shape(flat.sizes().begin(), flat.sizes().end());
    const auto space =
        check(H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr));
    const auto set = check(H5Dcreate2(file_,
                                      name.c_str(),
                                      H5T_IEEE_F64LE,
                                      space,
                                      H5P_DEFAULT,
                                      H5P_DEFAULT,
                                      H5P_DEFAULT));
    check(H5Dwrite(
        set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, flat.data_ptr()));
    H5Dclose(set);
    H5Sclose(space);
  }

  void add(const std::string& name, const std::string& text) {
    const auto type = check(H5Tcopy(H5T_C_S1));
    check(H5Tset_size(type, H5T_VARIABLE));
    check(H5Tset_cset(type, H5T_CSET_UTF8));
    const auto space = check(H5Screate(H5S_SCALAR));
    const auto set = check(H5Dcreate2(
        file_, name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    const char* at = text.c_str();
    check(H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, &at));
    H5Dclose(set);
    H5Sclose(space);
    H5Tclose(type);
  }

  void group(const std::string& name) {
    H5Gclose(
        check(H5Gcreate2(file_, name.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT)));
  }

  void finish() {
    const auto file = file_;
    file_ = -1;
    check(H5Fclose(file));
    std::error_code error;
    std::filesystem::rename(part_, path_, error);
    if (error) throw StorageError(path_.string() + ": " + error.message());
  }

 private:
  template <typename T>
  T check(T code) const {
    if (code < 0) throw StorageError(path_.string() + ": cannot write HDF5");
    return code;
  }

  std::filesystem::path path_, part_;
  hid_t file_ = -1;
};

void write_surface(const StoredSlice& s, const std::filesystem::path& folder) {
  Hdf5File file(folder / (s.frame.name + ".h5"));
  const bool line = s.frame.kind == SliceKind::kLine;
  const auto add = [&](const char* name, const torch::Tensor& values) {
    if (values.defined()) file.add(name, line ? values.flatten() : values);
  };
  file.add("dir_file", s.frame.name + "_directions.h5");
  file.add("recipe", s.frame.recipe);
  file.add("xcoordinates", s.frame.x);
  if (!line) file.add("ycoordinates", s.frame.y);
  const auto& v = s.values;
  add("train_loss", v.plain_loss);
  add("loss", v.loss);
  if (!v.accuracy.isnan().any().item<bool>()) add("train_acc", 100 * v.accuracy);
  if (v.held_out_loss.defined()) {
    add("test_loss", v.held_out_loss - (v.loss - v.plain_loss));
    if (!v.held_out_accuracy.isnan().any().item<bool>())
      add("test_acc", 100 * v.held_out_accuracy);
  }
  file.finish();
}

void write_directions(const SliceFrame& frame,
                      const ParameterLayout& layout,
                      const std::filesystem::path& folder) {
  Hdf5File file(folder / (frame.name + "_directions.h5"));
  const auto add = [&](const std::string& group, const torch::Tensor& d) {
    file.group(group);
    int next = 0;
    for (const auto& layer : layout.layers) {
      file.add(group + "/" + std::to_string(next++),
               d.narrow(0, layer.weight, layer.rows * layer.columns)
                   .view({layer.rows, layer.columns}));
      if (layer.bias >= 0)
        file.add(group + "/" + std::to_string(next++),
                 d.narrow(0, layer.bias, layer.rows));
    }
  };
  add("xdirection", frame.u);
  if (frame.kind == SliceKind::kPlane) add("ydirection", frame.v);
  file.finish();
}

void write_trajectory(const SliceFrame& frame, const std::filesystem::path& folder) {
  for (const auto& path : frame.paths) {
    if (path.label != "training") continue;
    Hdf5File file(folder / (frame.name + "_trajectory.h5"));
    file.add("proj_xcoord", at::tensor(path.x, torch::kFloat64));
    file.add("proj_ycoord", at::tensor(path.y, torch::kFloat64));
    file.finish();
  }
}

}  // namespace

void export_hdf5(Results& results,
                 const ParameterLayout& layout,
                 const std::filesystem::path& folder) {
  make_folder(folder);
  for (const auto& s : results.load_slices(std::numeric_limits<int64_t>::max() / 2)) {
    if (!s.problem.empty()) continue;
    write_surface(s, folder);
    write_directions(s.frame, layout, folder);
    write_trajectory(s.frame, folder);
  }
}

}  // namespace basin
