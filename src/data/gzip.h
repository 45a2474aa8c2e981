#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace basin {

/// The longest data file that is read, before and after decompression.
inline constexpr int64_t kDataFileLimit = int64_t{1} << 30;

/// The bytes of a gzip stream. Throws InputError naming `name` if it is truncated,
/// damaged, or longer than kDataFileLimit when unpacked.
std::string gunzip(std::string_view packed, const std::string& name);

/// A file's bytes; unpacked if they begin like gzip.
std::string read_maybe_gzip(const std::filesystem::path& path);

}  // namespace basin
