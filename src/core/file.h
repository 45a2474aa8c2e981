#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace basin {

/// The whole file. Throws InputError (`path: what is wrong`) if it does not exist,
/// is no regular file, cannot be read, or is larger than `limit` bytes.
std::string read_file(const std::filesystem::path& path, int64_t limit);

/// Writes `text` so that a killed process leaves the old file or the new one.
/// Throws StorageError if the disk is full or the folder not writable.
void write_file(const std::filesystem::path& path, std::string_view text);

/// The same, piece by piece: the file is there once `finish` has been called.
class FileWriter {
 public:
  explicit FileWriter(std::filesystem::path path);
  ~FileWriter();
  FileWriter(const FileWriter&) = delete;
  FileWriter& operator=(const FileWriter&) = delete;
  void write(std::string_view text);
  void finish();

 private:
  std::filesystem::path path_, part_;
  int file_ = -1;
};

/// Makes the folder and its parents. Throws StorageError if it cannot.
void make_folder(const std::filesystem::path& path);

/// Lower-case hexadecimal SHA-256.
std::string sha256(std::string_view bytes);

}  // namespace basin
