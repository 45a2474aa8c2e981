#include "data/gzip.h"

#include <fmt/format.h>
#include <zlib.h>

#include <vector>

#include "core/error.h"
#include "core/file.h"

namespace basin {

std::string gunzip(std::string_view packed, const std::string& name) {
  z_stream stream{};
  require(inflateInit2(&stream, 16 + MAX_WBITS) == Z_OK, "gunzip: zlib does not start");
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  std::string out;
  std::vector<char> block(1 << 16);
  int status = Z_OK;
  while (status == Z_OK && static_cast<int64_t>(out.size()) <= kDataFileLimit) {
    stream.next_out = reinterpret_cast<Bytef*>(block.data());
    stream.avail_out = static_cast<uInt>(block.size());
    status = inflate(&stream, Z_NO_FLUSH);
    out.append(block.data(), block.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  if (static_cast<int64_t>(out.size()) > kDataFileLimit) {
    throw InputError(
        fmt::format("{}: expected at most {} bytes when unpacked, came more",
                    name,
                    kDataFileLimit));
  }
  if (status != Z_STREAM_END) {
    throw InputError(fmt::format("{}: expected a whole gzip file, came one that is {}",
                                 name,
                                 status == Z_DATA_ERROR ? "damaged" : "truncated"));
  }
  return out;
}

std::string read_maybe_gzip(const std::filesystem::path& path) {
  auto bytes = read_file(path, kDataFileLimit);
  const bool packed = bytes.size() >= 2 && bytes[0] == '\x1f' && bytes[1] == '\x8b';
  return packed ? gunzip(bytes, path.string()) : bytes;
}

}  // namespace basin
