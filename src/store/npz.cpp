#include "store/npz.h"

#include <zip.h>

#include "core/error.h"
#include "store/npy.h"

namespace basin {
void write_npz(const std::filesystem::path& path,
               const std::vector<std::pair<std::string, torch::Tensor>>& arrays) {
  int code = 0;
  const auto part = path.string() + ".part";
  zip_t* archive = zip_open(part.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code);
  if (archive == nullptr) throw StorageError(path.string() + ": cannot write");
  std::vector<std::string> bytes;
  bytes.reserve(arrays.size());  // libzip reads them at close
  bool good = true;
  for (const auto& [name, array] : arrays) {
    bytes.push_back(npy_bytes(array));
    auto* source =
        zip_source_buffer(archive, bytes.back().data(), bytes.back().size(), 0);
    const auto index =
        zip_file_add(archive, (name + ".npy").c_str(), source, ZIP_FL_OVERWRITE);
    good = good && index >= 0 &&
           zip_set_file_compression(
               archive, static_cast<zip_uint64_t>(index), ZIP_CM_STORE, 0) == 0 &&
           zip_file_set_mtime(
               archive, static_cast<zip_uint64_t>(index), 315532800, 0) == 0;
  }
  if (!good || zip_close(archive) != 0) {
    const std::string why = zip_strerror(archive);
    zip_discard(archive);
    throw StorageError(path.string() + ": cannot write: " + why);
  }
  std::error_code error;
  std::filesystem::rename(part, path, error);
  if (error) throw StorageError(path.string() + ": " + error.message());
}

}  // namespace basin
