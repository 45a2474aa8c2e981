#include "core/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "core/error.h"

namespace basin {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void cannot_write(const fs::path& path, int error) {
  throw StorageError(
      fmt::format("{}: cannot write: {}", path.string(), std::strerror(error)));
}

void write_all(int file, std::string_view text, const fs::path& path) {
  while (!text.empty()) {
    const auto written = ::write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      const int error = written == 0 ? ENOSPC : errno;
      ::close(file);
      ::unlink(path.c_str());
      cannot_write(path, error);
    }
    text.remove_prefix(static_cast<size_t>(written));
  }
}

}  // namespace

std::string read_file(const fs::path& path, int64_t limit) {
  std::error_code error;
  const auto status = fs::status(path, error);
  if (!fs::exists(status)) {
    throw InputError(fmt::format("{}: no such file", path.string()));
  }
  if (!fs::is_regular_file(status)) {
    throw InputError(fmt::format("{}: expected a regular file, came {}",
                                 path.string(),
                                 fs::is_directory(status) ? "a folder" : "a device"));
  }
  const auto size = fs::file_size(path, error);
  if (error || size > static_cast<uintmax_t>(limit)) {
    throw InputError(fmt::format(
        "{}: expected at most {} bytes, came {}", path.string(), limit, size));
  }
  std::ifstream in(path, std::ios::binary);
  std::string text(size, '\0');
  in.read(text.data(), static_cast<std::streamsize>(size));
  if (!in && size > 0) {
    throw InputError(fmt::format("{}: cannot be read", path.string()));
  }
  return text;
}

FileWriter::FileWriter(fs::path path)
    : path_(std::move(path)), part_(path_.string() + ".part") {
  file_ = ::open(part_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file_ < 0) cannot_write(path_, errno);
}

FileWriter::~FileWriter() {
  if (file_ >= 0) ::close(file_);
}

void FileWriter::write(std::string_view text) { write_all(file_, text, part_); }

void FileWriter::finish() {
  const int file = file_;
  file_ = -1;
  if (::fsync(file) != 0 || ::close(file) != 0) cannot_write(path_, errno);
  if (::rename(part_.c_str(), path_.c_str()) != 0) cannot_write(path_, errno);
}

void write_file(const fs::path& path, std::string_view text) {
  FileWriter file(path);
  file.write(text);
  file.finish();
}

void make_folder(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error || !fs::is_directory(path)) {
    throw StorageError(
        fmt::format("{}: cannot make this folder: {}",
                    path.string(),
                    error ? error.message() : "a file of that name is in the way"));
  }
}

std::string sha256(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int length = 0;
  require(
      EVP_Digest(
          bytes.data(), bytes.size(), digest.data(), &length, EVP_sha256(), nullptr) ==
          1,
      "sha256: the digest failed");
  std::string text;
  for (unsigned int i = 0; i < length; ++i) text += fmt::format("{:02x}", digest[i]);
  return text;
}

}  // namespace basin
